using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>The network in ONNX Runtime, its images on the host's own device.</summary>
public sealed unsafe class CpuEngineTests
{
    private const string Backend = "onnx";
    private const int Size = 32;
    private const int Steps = 2;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void GetLatest_LentDevice_ShowsEachStepAsReadPixelsHasIt(bool takesOptional)
    {
        using EngineHost engine = ImageTests.CreateEngine(takesOptional);
        using (var host = new Host(engine, backend: Backend))
        using (VulkanDevice reader = VulkanDevice.Adopt(engine.Lent))
        {
            ulong texture = host.Submit(Host.Request(size: Size, steps: Steps));
            for (int step = 0; step <= Steps; step++)
            {
                RunTo(host, texture, step);
                NativeImage image = ImageTests.BorrowNewest(host, texture);
                Assert.Equal(step, image.Step);
                Assert.Equal(
                    TextureTests.Pixels(host, texture, Size),
                    ImageReader.Read(reader, ImageTests.View(image), Size, Size));
                Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
            }

            NativeStatistics sums = host.Statistics();
            Assert.Equal(takesOptional ? (uint)SharingKind.HostImport : (uint)SharingKind.Staging, sums.Sharing);
            Assert.Equal(takesOptional, sums.BytesCopied == 0);
            Assert.Equal(Backend, System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)sums.Backend));
        }

        engine.AssertSilent();
    }

    [SkippableFact]
    public void GetLatest_LentDeviceAndAllocator_FreesAllAndAllocatesNothingInTicks()
    {
        using EngineHost engine = ImageTests.CreateEngine();
        int made = CountingAllocator.Made;
        using (var host = new Host(engine, usesAllocator: true, backend: Backend))
        {
            ulong texture = host.Submit(Host.Request(size: Size, steps: 8));
            ulong allocated = 0;
            for (int step = 0; step <= 8; step++)
            {
                RunTo(host, texture, step);
                NativeImage image = ImageTests.BorrowNewest(host, texture);
                Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
                ulong now = host.Statistics().TickAllocatedBytes;
                Assert.True(step < 4 || now == allocated, $"ticks of step {step} allocated {now - allocated} bytes");
                allocated = now;
            }

            Host.Check(C.Release(host.Runtime, texture));
            host.Finish(host.Submit(Host.Request(size: Size, steps: Steps)));
        }

        Assert.True(CountingAllocator.Made > made, "nothing was made by the host's allocator");
        Assert.Equal(0, CountingAllocator.Live);
        engine.AssertSilent();
    }

    // A slice a tick, so that no step is missed.
    private static void RunTo(Host host, ulong texture, int step)
    {
        NativeImage image = C.Init<NativeImage>();
        ResultCode result = C.GetLatest(host.Runtime, texture, &image);
        if (result == ResultCode.Success)
        {
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        }

        while (host.Progress(texture) is { Status: 0 } progress && (progress.Step < step || progress.Generation == 0))
        {
            host.Tick(0.001);
        }

        Assert.Equal(step, host.Progress(texture).Step);
    }
}
