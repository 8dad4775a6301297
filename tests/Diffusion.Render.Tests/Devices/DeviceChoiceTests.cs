using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Devices;

public sealed class DeviceChoiceTests
{
    private static readonly VulkanDeviceInfo[] _machine =
    [
        Device(0, "llvmpipe (LLVM 15.0.6, 256 bits)", PhysicalDeviceType.Cpu),
        Device(1, "Intel(R) Iris(R) Xe", PhysicalDeviceType.IntegratedGpu),
        Device(2, "Old Card", PhysicalDeviceType.DiscreteGpu) with { Missing = ["Vulkan 1.3 (it offers 1.1)"] },
        Device(3, "Card X Super", PhysicalDeviceType.DiscreteGpu),
        Device(4, "Card X", PhysicalDeviceType.DiscreteGpu),
    ];

    [Theory]
    [InlineData(null, 3)]
    [InlineData("0", 0)]
    [InlineData("4", 4)]
    [InlineData("LLVMPIPE", 0)]
    [InlineData("iris", 1)]
    [InlineData("card x", 4)]
    [InlineData("card", 2)]
    [InlineData(" Card X Super ", 3)]
    public void Choose_Wanted_IsTheBestThatMatches(string? wanted, int index)
    {
        VulkanDeviceInfo[] devices = wanted == "card" ? [.. _machine.Select(device => device with { Missing = [] })] : _machine;

        Assert.Equal(index, DeviceChoice.Choose(devices, wanted).Index);
    }

    [Fact]
    public void Choose_OnlySoftware_IsTakenLast()
        => Assert.Equal(0, DeviceChoice.Choose(_machine[..1], null).Index);

    [Theory]
    [InlineData("voodoo")]
    [InlineData("5")]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData(" ")]
    public void Choose_Unknown_ListsTheDevicesInOneLine(string wanted)
    {
        var error = Assert.Throws<VulkanException>(() => DeviceChoice.Choose(_machine, wanted));

        Assert.Contains($"\"{wanted}\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(_machine, device => Assert.Contains(
            $"{device.Index}: {device.Name}", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Choose_DeviceThatLacksSomething_SaysWhat()
    {
        var named = Assert.Throws<VulkanException>(() => DeviceChoice.Choose(_machine, "Old"));
        var best = Assert.Throws<VulkanException>(() => DeviceChoice.Choose([_machine[2]], null));

        Assert.Equal("Old Card lacks Vulkan 1.3 (it offers 1.1).", named.Message);
        Assert.Contains("Old Card lacks Vulkan 1.3", best.Message, StringComparison.Ordinal);
    }

    private static VulkanDeviceInfo Device(int index, string name, PhysicalDeviceType type)
        => new(index, name, type, new Version(1, 3));
}
