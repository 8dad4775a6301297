using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Sharing;

[Collection(VulkanTests.Name)]
public sealed class SharingSelfTestTests(VulkanFixture vulkan)
{
    [SkippableTheory]
    [InlineData(SharingPath.InPlace, 0)]
    [InlineData(SharingPath.HostImport, 0)]
    [InlineData(SharingPath.Staging, 20 * 20 * 4)]
    public void Run_PathThatWorks_ReadsWhatWasWrittenAndCountsTheBytes(SharingPath path, long bytes)
    {
        Skip.If(path == SharingPath.HostImport && !vulkan.Device.SupportsHostImport, vulkan.Device.HostImportReason);

        SharingTestResult result = SharingSelfTest.Run(vulkan.Device, path, edge: 20, handOvers: 10);

        Assert.True(result.HasPassed);
        Assert.Equal(0, result.LargestDifference);
        Assert.Equal(bytes, result.BytesCopiedPerHandOver);
        Assert.InRange(result.HandOverP99, result.HandOverP50, TimeSpan.MaxValue);
        Assert.InRange(result.HandOverP50, TimeSpan.FromTicks(1), TimeSpan.MaxValue);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Run_PathThatIsNotThere_SaysWhy()
    {
        _ = vulkan.Device;
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, DisableHostImport = true });

        SharingTestResult result = SharingSelfTest.Run(device, SharingPath.HostImport, edge: 4, handOvers: 1);

        Assert.False(result.HasPassed);
        Assert.Contains("switched off", result.WhyNot, StringComparison.Ordinal);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Run_CudaOverHostSamples_SaysWhyNot()
    {
        SharingTestResult result = SharingSelfTest.Run(vulkan.Device, SharingPath.Cuda, edge: 4, handOvers: 1);

        Assert.Equal(
            "\"self-test\" cannot be shared by CUDA: its samples are written by the host.", result.WhyNot);
        vulkan.AssertSilent();
    }

    [Theory]
    [InlineData("in-place", SharingPath.InPlace)]
    [InlineData("cuda", SharingPath.Cuda)]
    [InlineData("host-import", SharingPath.HostImport)]
    [InlineData("staging", SharingPath.Staging)]
    public void Parse_Name_IsThePathAndBack(string name, SharingPath path)
    {
        Assert.Equal(path, SharingPathNames.Parse(name));
        Assert.Equal(name, SharingPathNames.NameOf(path));
    }

    [Fact]
    public void Parse_UnknownName_ListsThem()
    {
        var error = Assert.Throws<ArgumentException>(() => SharingPathNames.Parse("pigeon"));

        Assert.Contains("'pigeon'", error.Message, StringComparison.Ordinal);
        Assert.All(
            Enum.GetValues<SharingPath>(),
            path => Assert.Contains(SharingPathNames.NameOf(path), error.Message, StringComparison.Ordinal));
    }
}
