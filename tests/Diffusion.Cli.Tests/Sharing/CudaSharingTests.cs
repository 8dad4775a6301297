using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Torch.Sampling;
using Diffusion.Torch.Tests.Cuda;
using static TorchSharp.torch;

namespace Diffusion.Cli.Tests.Sharing;

/// <summary>The CUDA path from the chain's tensors to the texture, on a stand-in for the CUDA driver.</summary>
public sealed class CudaSharingTests
{
    // How Mesa names memory that it exports.
    private const string ExportedName = "llvmpipe memory fd";

    public static TheoryData<string> Fallible =>
    [
        "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent", "cuImportExternalMemory", "cuExternalMemoryGetMappedBuffer",
        "cuImportExternalSemaphore", "cuMemcpyDtoDAsync", "cuSignalExternalSemaphoresAsync",
    ];

    [SkippableFact]
    public void Frames_WhileTheChainSteps_ShowWhatCudaCopied()
    {
        using var rig = new CudaRig();
        SharedTexture texture = rig.Add();
        Assert.Equal((SharingPath.Cuda, "CUDA copies on this device"), (texture.Path, texture.PathReason));
        for (int step = 1; step <= 8; step++)
        {
            rig.Step();
            rig.Frame();

            Assert.True(texture.TryGetLatest(out SharedImage image));
            Assert.Equal(step, image.Info.Step);
            Assert.Equal(rig.Expected(), rig.Shown);
        }

        texture.Display = SampleView.Denoised;
        rig.Frame();

        Assert.Equal(rig.Expected(isDenoised: true), rig.Shown);
        Assert.Equal(0, texture.TotalBytesCopied);
        Assert.Empty(rig.Log);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Frame_CudaIsBusy_ShowsTheImageBeforeAndWaitsForNothing()
    {
        using var rig = new CudaRig();
        SharedTexture texture = rig.Add();
        rig.Frame();
        byte[] before = rig.Expected();
        Assert.Equal(before, rig.Shown);
        rig.Cuda.Hold(true);
        rig.Step();

        rig.Frame();
        rig.Frame();
        Assert.Equal(before, rig.Shown);
        Assert.True(texture.IsBehind);
        rig.Cuda.Hold(false);
        rig.Frame();

        Assert.Equal(rig.Expected(), rig.Shown);
        Assert.NotEqual(before, rig.Shown);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Frames_NothingIsAllocated()
    {
        using var rig = new CudaRig();
        rig.Add();
        long allocated = 0;
        for (int i = 0; i < 40; i++)
        {
            rig.Step();
            long frame = rig.Frame();
            allocated += i < 8 ? 0 : frame;
        }

        Assert.Equal(40, rig.Texture!.ConversionCount);
        Assert.Equal(0, allocated);
    }

    [SkippableTheory]
    [MemberData(nameof(Fallible))]
    public void Add_ACallFails_StagesAndSaysWhich(string function)
    {
        using var rig = new CudaRig();
        int before = ExportedDescriptors();
        rig.Cuda.Fail(function, 1, 304);
        SharedTexture texture = rig.Add();
        rig.Step();
        rig.Frame();

        Assert.Equal(SharingPath.Staging, texture.Path);
        Assert.Equal(
            $"no copy by CUDA: {function} returned CUDA_ERROR_OPERATING_SYSTEM; "
            + "no host import: its samples are not in host memory",
            texture.PathReason);
        Assert.Equal([$"\"stone\" is shared by staging: {texture.PathReason}."], rig.Log);
        Assert.Equal(rig.Expected(), rig.Shown);
        rig.Device.Retirement.Flush();
        Assert.Equal(before, ExportedDescriptors());
        Assert.Equal([0, 0, 0, 0, 0], rig.Cuda.Live);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Add_ACallFailsOnThePathAskedFor_Throws()
    {
        using var rig = new CudaRig();
        rig.Cuda.Fail("cuImportExternalMemory", 1, 304);

        VulkanException error = Assert.Throws<VulkanException>(() => rig.Add(SharingPath.Cuda));

        Assert.Equal(
            "\"stone\" cannot be shared by CUDA: cuImportExternalMemory returned CUDA_ERROR_OPERATING_SYSTEM.",
            error.Message);
        Assert.Equal(SharingPath.Cuda, rig.Add(SharingPath.Cuda).Path);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Step_ACopyFails_TheTextureGoesOnByStaging()
    {
        using var rig = new CudaRig();
        SharedTexture texture = rig.Add();
        rig.Step();
        rig.Frame();
        rig.Cuda.Fail("cuMemcpyDtoDAsync", 1, 700);
        rig.Step();
        rig.Frame();

        Assert.Equal(SharingPath.Staging, texture.Path);
        Assert.Equal("cuda failed: cuMemcpyDtoDAsync returned CUDA_ERROR_ILLEGAL_ADDRESS", texture.PathReason);
        Assert.Equal([$"\"stone\" is shared by staging: {texture.PathReason}."], rig.Log);
        Assert.Equal(rig.Expected(), rig.Shown);
        Assert.Equal([0, 0, 0, 0, 0], rig.Cuda.Live);
        rig.Step();
        rig.Frame();
        Assert.Equal(rig.Expected(), rig.Shown);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Dispose_Texture_LetsGoOfAllThatCudaHad()
    {
        using var rig = new CudaRig();
        int before = ExportedDescriptors();
        SharedTexture texture = rig.Add();
        rig.Step();
        rig.Frame();
        Assert.Equal([1, 1, 1, 1, 0], rig.Cuda.Live);
        Assert.Equal(before + 1, ExportedDescriptors());

        texture.Dispose();

        Assert.Equal([0, 0, 0, 0, 0], rig.Cuda.Live);
        Assert.Equal(before, ExportedDescriptors());
        rig.Step();
        rig.AssertSilent();
    }

    [SkippableFact]
    public void Add_VulkanOnAnotherDevice_SaysSo()
    {
        using var rig = new CudaRig();
        _ = FakeCuda.Require(new Guid("0f0e0d0c-0b0a-0908-0706-050403020100"));

        SharedTexture texture = rig.Add();

        Assert.Equal(SharingPath.Staging, texture.Path);
        Assert.Contains("CUDA runs on another device", texture.PathReason, StringComparison.Ordinal);
        rig.AssertSilent();
    }

    [SkippableFact]
    public void SelfTest_OverTheStandIn_PassesAndCopiesNothingOnTheHost()
    {
        const int Edge = 20;
        using var rig = new CudaRig();
        TorchSamples? made = null;
        SharingTestResult result = SharingSelfTest.Run(
            rig.Device, SharingPath.Cuda, Edge, handOvers: 10,
            (slots, size) => made = new TorchSamples(slots, size, Edge, Edge, CPU, usesDriver: true));
        made!.Dispose();

        Assert.Null(result.WhyNot);
        Assert.Equal((0, 0L), (result.LargestDifference, result.BytesCopiedPerHandOver));
        Assert.Equal([0, 0, 0, 0, 0], rig.Cuda.Live);
        rig.AssertSilent();
    }

    // The driver's own, which goes with the memory, and those that were exported.
    private static int ExportedDescriptors() => Directory.GetFiles("/proc/self/fd").Count(descriptor =>
        new FileInfo(descriptor).LinkTarget?.Contains(ExportedName, StringComparison.Ordinal) == true);
}
