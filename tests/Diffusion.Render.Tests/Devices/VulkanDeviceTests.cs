using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Devices;

[Collection(VulkanTests.Name)]
public sealed class VulkanDeviceTests(VulkanFixture vulkan)
{
    private const string DriverFiles = "VK_DRIVER_FILES";

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
        string? before = NativeVariable.Get(DriverFiles);
        using (new NativeVariable(DriverFiles, "/nowhere.json"))
        {
            var error = Assert.Throws<VulkanException>(() => VulkanDevice.Create(new VulkanDeviceOptions()));

            Assert.StartsWith("No Vulkan device", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }

        Assert.Equal(before, NativeVariable.Get(DriverFiles));
    }

    [SkippableFact]
    public void NativeVariable_SetBefore_IsRestored()
    {
        const string Name = "DIFFUSION_RENDER_TESTS";
        Skip.IfNot(OperatingSystem.IsLinux(), "the variable is set through libc");
        using (new NativeVariable(Name, "outer"))
        {
            using (new NativeVariable(Name, "inner"))
            {
                Assert.Equal("inner", NativeVariable.Get(Name));
            }

            Assert.Equal("outer", NativeVariable.Get(Name));
        }

        Assert.Null(NativeVariable.Get(Name));
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
