using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Devices;

[Collection(VulkanTests.Name)]
public sealed class MemoryTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void GetMemoryUse_TargetComesAndGoes_CountsItsBytesOnce()
    {
        _ = vulkan.Device;
        using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
        Assert.Equal(0, device.GetMemoryUse().AllocationCount);
        using (var target = new OffscreenTarget(device, 100, 50))
        {
            // Image and readback, each at least four bytes a pixel.
            MemoryUse use = device.GetMemoryUse();
            Assert.Equal(2, use.ResourceCount);
            Assert.InRange(use.UsedInBytes, 2 * 4 * 100 * 50, 4 * 4 * 100 * 50);
            Assert.InRange(use.AllocatedInBytes, use.UsedInBytes, use.AllocationCount << 20);
        }

        device.Retirement.Flush();

        Assert.Equal((0, 0), (device.GetMemoryUse().AllocatedInBytes, device.GetMemoryUse().ResourceCount));
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void GetMemoryUse_ImportedRing_IsAnAllocationOfNoBytes()
    {
        Skip.IfNot(vulkan.Device.SupportsHostImport, vulkan.Device.HostImportReason);
        using var ring = new SampleRing(16, 16, 0);
        MemoryUse before = vulkan.Device.GetMemoryUse();
        using GpuBuffer import = GpuBuffer.Import(
            vulkan.Device, ring.Address, (ulong)ring.SizeInBytes,
            Silk.NET.Vulkan.BufferUsageFlags.StorageBufferBit, "import");
        MemoryUse with = vulkan.Device.GetMemoryUse();
        import.Close();

        Assert.Equal((before.AllocatedInBytes, before.UsedInBytes), (with.AllocatedInBytes, with.UsedInBytes));
        Assert.Equal(before.AllocationCount + 1, with.AllocationCount);
        Assert.Equal(before.AllocationCount, vulkan.Device.GetMemoryUse().AllocationCount);
    }

    [SkippableFact]
    public void GetMemoryUse_Heaps_AreTheDevices()
    {
        MemoryUse use = vulkan.Device.GetMemoryUse();

        Assert.Contains(use.Heaps, heap => heap.IsDeviceLocal);
        Assert.All(use.Heaps, heap => Assert.InRange(heap.SizeInBytes, 1 << 20, long.MaxValue));
        Assert.All(use.Heaps, heap => Assert.InRange(heap.BudgetInBytes ?? 1, 1, heap.SizeInBytes));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Dispose_SomethingLeft_NamesItInTheLog()
    {
        _ = vulkan.Device;
        List<string> log = [];
        VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions { Log = log.Add });
        using var ring = new SampleRing(16, 16, 0);
        var textures = new SharedTexturePass(device);
        textures.Add(ring, "forgotten", SharingPath.Staging);

        device.Dispose();

        string line = Assert.Single(log);
        Assert.Contains("\"forgotten", line, StringComparison.Ordinal);
        Assert.Contains("Not disposed", line, StringComparison.Ordinal);
    }
}
