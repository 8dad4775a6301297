using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Devices.Memory;

[Collection(VulkanTests.Name)]
public sealed class MemoryAllocatorTests(VulkanFixture vulkan)
{
    private const BufferUsageFlags Usage = BufferUsageFlags.StorageBufferBit;

    [SkippableFact]
    public void Buffers_ComeAndGoAtRandom_KeepTheirBytes()
    {
        using VulkanDevice device = Create();
        var random = new Random(3);
        List<(GpuBuffer Buffer, byte Mark)> live = [];
        for (int i = 0; i < 400; i++)
        {
            if (live.Count > 0 && random.Next(5) < 2)
            {
                int index = random.Next(live.Count);
                AssertMarked(live[index].Buffer, live[index].Mark);
                live[index].Buffer.Close();
                live.RemoveAt(index);
                continue;
            }

            GpuBuffer buffer = GpuBuffer.Upload(device, (ulong)random.Next(1, 200_000), Usage, $"buffer {i}");
            buffer.Span<byte>().Fill((byte)i);
            Assert.Equal(0, buffer.Mapped % 64);
            live.Add((buffer, (byte)i));
        }

        Assert.Equal(live.Count, device.GetMemoryUse().ResourceCount);
        foreach ((GpuBuffer buffer, byte mark) in live)
        {
            AssertMarked(buffer, mark);
            buffer.Close();
        }

        AssertEmpty(device);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Images_AThousand_TakeFewAllocations()
    {
        const int Images = 1000;
        using VulkanDevice device = Create();
        GpuImage[] images = [.. Enumerable.Range(0, Images).Select(i => Image(device, 64, $"image {i}"))];

        MemoryUse use = device.GetMemoryUse();

        Assert.Equal(Images, use.ResourceCount);
        Assert.InRange(use.UsedInBytes, Images * 64L * 64 * 4, Images * 64L * 64 * 4 * 4);

        // 1, 1, 2, 4, 8 and 16 MiB hold twice what the images take without padding.
        Assert.InRange(use.AllocationCount, 2, 6);
        Assert.InRange(use.AllocatedInBytes, use.UsedInBytes, 2 * use.UsedInBytes);
        Array.ForEach(images, image => image.Dispose());
        device.Retirement.Flush();
        AssertEmpty(device);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void ImagesAndBuffers_ShareNoBlock()
    {
        using VulkanDevice device = Create();
        using GpuBuffer buffer = GpuBuffer.DeviceLocal(device, 256, Usage, "buffer");
        using GpuBuffer another = GpuBuffer.DeviceLocal(device, 256, Usage, "another");
        Assert.Equal(1, device.GetMemoryUse().AllocationCount);

        using GpuImage image = Image(device, 8, "image");

        Assert.Equal(2, device.GetMemoryUse().AllocationCount);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Allocate_AsLargeAsMostOfABlock_IsAnAllocationOfItsSize()
    {
        const long Large = (40 << 20) + 4096;
        using VulkanDevice device = Create();
        using GpuBuffer buffer = GpuBuffer.DeviceLocal(device, Large, Usage, "large");

        MemoryUse use = device.GetMemoryUse();

        Assert.Equal((Large, 1), (use.AllocatedInBytes, use.AllocationCount));
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Allocate_DriverPrefersItAlone_IsAnAllocationOfItsOwn()
    {
        var faulty = new FaultyVulkan { PrefersDedicatedMemory = true };
        using VulkanDevice device = Create(faulty);
        using GpuImage image = Image(device, 8, "image");
        using GpuBuffer buffer = GpuBuffer.DeviceLocal(device, 256, Usage, "buffer");
        using GpuBuffer another = GpuBuffer.DeviceLocal(device, 256, Usage, "another");

        MemoryUse use = device.GetMemoryUse();

        Assert.Equal((3, use.UsedInBytes), (use.AllocationCount, use.AllocatedInBytes));
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Allocate_HeapHasLittleRoom_TakesSmallerBlocksAndThenSaysThatThereIsNoMore()
    {
        var faulty = new FaultyVulkan { LargestAllocation = 300_000 };
        using VulkanDevice device = Create(faulty);
        using GpuBuffer buffer = GpuBuffer.DeviceLocal(device, 200_000, Usage, "fits");
        Assert.InRange(device.GetMemoryUse().AllocatedInBytes, 200_000, 300_000);

        var error = Assert.Throws<VulkanException>(() => GpuBuffer.DeviceLocal(device, 400_000, Usage, "does not"));

        Assert.Equal(Result.ErrorOutOfDeviceMemory, error.Result);
        Assert.Equal(1, device.GetMemoryUse().ResourceCount);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Buffers_OfSeveralThreads_KeepTheirBytes()
    {
        using VulkanDevice device = Create();
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < 50; i++)
            {
                GpuBuffer buffer = GpuBuffer.Upload(device, (ulong)(1000 * (i + 1)), Usage, $"buffer {thread}");
                buffer.Span<byte>().Fill((byte)(thread + 1));
                AssertMarked(buffer, (byte)(thread + 1));
                buffer.Close();
            }
        });

        AssertEmpty(device);
        VulkanFixture.AssertSilent(device);
    }

    private static void AssertMarked(GpuBuffer buffer, byte mark)
        => Assert.False(buffer.Span<byte>().ContainsAnyExcept(mark), "another buffer wrote there");

    private static void AssertEmpty(VulkanDevice device)
    {
        MemoryUse use = device.GetMemoryUse();
        Assert.Equal(
            (0, 0, 0, 0), (use.AllocatedInBytes, use.AllocationCount, use.UsedInBytes, use.ResourceCount));
    }

    private static GpuImage Image(VulkanDevice device, uint edge, string name) => new(
        device, new GpuImageInfo(new Extent2D(edge, edge), Format.R8G8B8A8Unorm, ImageUsageFlags.SampledBit), name);

    private VulkanDevice Create(FaultyVulkan? faulty = null)
    {
        _ = vulkan.Device;
        var options = new VulkanDeviceOptions { EnableValidation = true };
        return VulkanDevice.Create(faulty is null ? options : options with { LoadApi = faulty.Load });
    }
}
