using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Devices;

/// <summary>The queue of networks, on families as drivers list them.</summary>
public sealed class QueuePlaceTests
{
    private const QueueFlags Graphics =
        QueueFlags.GraphicsBit | QueueFlags.ComputeBit | QueueFlags.TransferBit;

    private const QueueFlags Compute = QueueFlags.ComputeBit | QueueFlags.TransferBit;
    private const QueueFlags Transfer = QueueFlags.TransferBit | QueueFlags.SparseBindingBit;

    [Fact]
    public void ForCompute_FamilyWithoutGraphics_IsTaken()
    {
        QueueFamilyProperties[] families = [Family(Graphics, 16), Family(Transfer, 2), Family(Compute, 8)];

        Assert.Equal(new QueuePlace(2, 0), QueuePlace.ForCompute(families, 0));
    }

    [Fact]
    public void ForCompute_FamilyWithoutGraphicsBeforeTheRenderers_IsTaken()
    {
        QueueFamilyProperties[] families = [Family(Compute, 1), Family(Graphics, 1)];

        Assert.Equal(new QueuePlace(0, 0), QueuePlace.ForCompute(families, 1));
    }

    [Fact]
    public void ForCompute_SuchAFamilyHasNoQueues_IsPassedOver()
    {
        QueueFamilyProperties[] families = [Family(Graphics, 1), Family(Compute, 0), Family(Compute, 1)];

        Assert.Equal(new QueuePlace(2, 0), QueuePlace.ForCompute(families, 0));
    }

    [Theory]
    [InlineData(1u, 0u)]
    [InlineData(2u, 1u)]
    [InlineData(16u, 1u)]
    public void ForCompute_OnlyGraphics_IsASecondQueueWhereThereIsOne(uint count, uint index)
    {
        QueueFamilyProperties[] families = [Family(Transfer, 4), Family(Graphics, count), Family(Graphics, 4)];

        Assert.Equal(new QueuePlace(1, index), QueuePlace.ForCompute(families, 1));
    }

    [Theory]
    [InlineData("VK_KHR_global_priority", "VK_EXT_global_priority VK_KHR_global_priority VK_KHR_swapchain")]
    [InlineData("VK_EXT_global_priority", "VK_EXT_global_priority VK_EXT_global_priority_query")]
    [InlineData(null, "VK_KHR_swapchain")]
    public void PriorityExtension_OfWhatIsThere_IsTheNewest(string? expected, string offered) =>
        Assert.Equal(expected, QueuePlace.PriorityExtension(offered.Split(' ').ToHashSet(StringComparer.Ordinal)));

    private static QueueFamilyProperties Family(QueueFlags flags, uint count) =>
        new() { QueueFlags = flags, QueueCount = count };
}
