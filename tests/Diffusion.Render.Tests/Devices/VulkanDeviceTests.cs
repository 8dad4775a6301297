using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Devices;

[Collection(VulkanTests.Name)]
public sealed class VulkanDeviceTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void Create_UnknownName_ListsTheDevices()
    {
        string name = vulkan.Device.Info.Name;

        var error = Assert.Throws<VulkanException>(
            () => VulkanDevice.Create(new VulkanDeviceOptions { Device = "no such device" }));

        Assert.Contains("no such device", error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Create_NoDriver_SaysSoInOneLine()
    {
        _ = vulkan.Device;
        Skip.IfNot(OperatingSystem.IsLinux(), "the loader's variable is set through libc");
        _ = VirtualDisplay.SetEnvironment("VK_DRIVER_FILES", "/nowhere.json", 1);
        try
        {
            var error = Assert.Throws<VulkanException>(() => VulkanDevice.Create(new VulkanDeviceOptions()));

            Assert.StartsWith("No Vulkan device", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
        finally
        {
            _ = VirtualDisplay.UnsetEnvironment("VK_DRIVER_FILES");
        }
    }

    [SkippableFact]
    public void Handle_AfterDispose_Throws()
    {
        _ = vulkan.Device;
        VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions());
        device.Dispose();
        device.Dispose();

        Assert.Throws<ObjectDisposedException>(() => device.Handle);
    }
}
