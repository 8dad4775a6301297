using Diffusion.Runtime.Sharing;
using Diffusion.Torch.Cuda;
using Diffusion.Torch.Sampling;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Cuda;

/// <summary>The calls of the CUDA driver, on a stand-in for it.</summary>
[Collection(FakeCudaTests.Name)]
public sealed class CudaMirrorTests
{
    private const int Width = 6;
    private const int Height = 5;
    private const int OutOfMemory = 2;

    private static readonly Guid _device = new("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly string[] _creation =
    [
        "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent", "cuImportExternalMemory", "cuExternalMemoryGetMappedBuffer",
        "cuImportExternalSemaphore", "cuMemcpyDtoDAsync", "cuSignalExternalSemaphoresAsync", "cuCtxPopCurrent",
    ];

    private static readonly string[] _copy =
        ["cuCtxPushCurrent", "cuMemcpyDtoDAsync", "cuSignalExternalSemaphoresAsync", "cuCtxPopCurrent"];

    public static TheoryData<string> Fallible => [.. _creation[..^1]];

    [SkippableFact]
    public void Mirror_Life_CallsTheDriverInOrderAndLeavesNothing()
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        int begun = fake.Log.Length;

        ISampleMirror mirror = rig.Samples.Mirror(rig.File.Target);
        rig.File.CloseHandles();
        Assert.Equal(_creation, fake.Log[begun..]);
        Assert.Equal([1, 1, 1, 1, 0], fake.Live);
        Assert.Equal(0, rig.File.OpenDescriptors);
        begun = fake.Log.Length;
        rig.Samples.Handed(2);
        Assert.Equal(_copy, fake.Log[begun..]);
        begun = fake.Log.Length;
        mirror.Dispose();
        mirror.Dispose();

        Assert.Equal(
            [
                "cuCtxPushCurrent", "cuStreamSynchronize", "cuDestroyExternalSemaphore", "cuMemFree",
                "cuDestroyExternalMemory", "cuCtxPopCurrent", "cuDevicePrimaryCtxRelease",
            ],
            fake.Log[begun..]);
        Assert.Equal([0, 0, 0, 0, 0], fake.Live);
        begun = fake.Log.Length;
        rig.Samples.Handed(2);
        Assert.Empty(fake.Log[begun..]);
    }

    [SkippableFact]
    public void Mirror_OfSlotsWrittenBeforeAndAfter_HasThemWhereTheRingHasThem()
    {
        FakeCuda.Require(_device);
        using var rig = new Rig();
        float[] before = rig.Write(1, isDenoised: true);
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        using ISampleMirror mirror = rig.Samples.Mirror(rig.File.Target);
        Assert.Equal((1ul, 1ul), (rig.File.Value, mirror.ReadyAt(1)));

        float[] sample = rig.Write(3, isDenoised: false);
        float[] denoised = rig.Write(3, isDenoised: true);

        Assert.Equal(before, rig.Mirrored(1, isDenoised: true));
        Assert.Equal(sample, rig.Mirrored(3, isDenoised: false));
        Assert.Equal(denoised, rig.Mirrored(3, isDenoised: true));
        Assert.Equal((3ul, 3ul, 1ul), (rig.File.Value, mirror.ReadyAt(3), mirror.ReadyAt(1)));
        Assert.Null(mirror.Failure);
    }

    [SkippableFact]
    public void Copy_WhileTheDeviceIsBusy_ReturnsAndTheTimelineSaysWhenItIsDone()
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        using ISampleMirror mirror = rig.Samples.Mirror(rig.File.Target);
        fake.Hold(true);
        float[] sample = rig.Write(0, isDenoised: false);

        Assert.Equal((1ul, 2ul), (rig.File.Value, mirror.ReadyAt(0)));
        Assert.NotEqual(sample, rig.Mirrored(0, isDenoised: false));
        fake.Hold(false);

        Assert.Equal(2ul, rig.File.Value);
        Assert.Equal(sample, rig.Mirrored(0, isDenoised: false));
    }

    [SkippableFact]
    public void Dispose_WhileTheDeviceIsBusy_WaitsForTheCopies()
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        ISampleMirror mirror = rig.Samples.Mirror(rig.File.Target);
        fake.Hold(true);
        float[] sample = rig.Write(0, isDenoised: false);

        mirror.Dispose();

        Assert.Equal(sample, rig.Mirrored(0, isDenoised: false));
        Assert.Equal([0, 0, 0, 0, 0], fake.Live);
    }

    [SkippableTheory]
    [MemberData(nameof(Fallible))]
    public void Mirror_ACallFails_SaysWhichAndLeavesNothing(string function)
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        fake.Fail(function, 1, OutOfMemory);

        SharingException error = Assert.Throws<SharingException>(() => rig.Samples.Mirror(rig.File.Target));
        rig.File.CloseHandles();

        Assert.Equal($"{function} returned CUDA_ERROR_OUT_OF_MEMORY", error.Message);
        Assert.Equal([0, 0, 0, 0, 0], fake.Live);
        Assert.Equal(0, rig.File.OpenDescriptors);
        int begun = fake.Log.Length;
        rig.Write(0, isDenoised: false);
        Assert.Empty(fake.Log[begun..]);
    }

    [SkippableTheory]
    [InlineData("cuCtxPushCurrent")]
    [InlineData("cuMemcpyDtoDAsync")]
    [InlineData("cuSignalExternalSemaphoresAsync")]
    public void Copy_ACallFails_EndsTheMirrorAndNotTheChain(string function)
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        Assert.Null(rig.Samples.WhyNotMirrored(_device));
        ISampleMirror mirror = rig.Samples.Mirror(rig.File.Target);
        fake.Fail(function, 1, 700);

        rig.Samples.Handed(0);

        Assert.Equal($"{function} returned CUDA_ERROR_ILLEGAL_ADDRESS", mirror.Failure);
        Assert.Equal(1ul, mirror.ReadyAt(0));
        int begun = fake.Log.Length;
        rig.Samples.Handed(1);
        Assert.Empty(fake.Log[begun..]);
        mirror.Dispose();
        Assert.Equal([0, 0, 0, 0, 0], fake.Live);
    }

    [SkippableFact]
    public void Mirror_UsedOnOtherThreads_LeavesThemAsTheyWere()
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        ISampleMirror? mirror = null;
        List<int> current = [];
        foreach (Action work in (Action[])[
            () => Assert.Null(rig.Samples.WhyNotMirrored(_device)), () => mirror = rig.Samples.Mirror(rig.File.Target),
            () => rig.Samples.Handed(1), () => mirror!.Dispose()])
        {
            var thread = new Thread(() =>
            {
                work();
                current.Add(fake.Live[^1]);
            });
            thread.Start();
            thread.Join();
        }

        Assert.Equal([0, 0, 0, 0], current);
        Assert.Equal([0, 0, 0, 0, 0], fake.Live);
    }

    [SkippableFact]
    public void WhyNotMirrored_AnotherDevice_NamesBoth()
    {
        FakeCuda.Require(_device);
        using var rig = new Rig();

        string? whyNot = rig.Samples.WhyNotMirrored(Guid.Empty);

        Assert.Contains("33221100554477668899aabbccddeeff", whyNot, StringComparison.Ordinal);
        Assert.Contains(new string('0', 32), whyNot, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("cuInit", 100, "cuInit returned CUDA_ERROR_NO_DEVICE")]
    [InlineData("cuDeviceGet", 100, "cuDeviceGet returned CUDA_ERROR_NO_DEVICE")]
    [InlineData("cuDeviceGetUuid", 12345, "cuDeviceGetUuid returned error 12345")]
    public void WhyNotMirrored_DriverWithoutDevice_SaysWhatItReturned(string function, int code, string expected)
    {
        FakeCuda fake = FakeCuda.Require(_device);
        using var rig = new Rig();
        fake.Fail(function, 1, code);

        Assert.Equal(expected, rig.Samples.WhyNotMirrored(_device));
        Assert.Equal(expected, Assert.Throws<SharingException>(() => rig.Samples.Mirror(rig.File.Target)).Message);
    }

    [SkippableFact]
    public void WhyNotMirrored_NoDriverOrAnOldOne_SaysSo()
    {
        FakeCuda.Require(_device);
        string old = FakeCuda.Compile("old_cuda", "-DFAKE_IS_OLD");

        Assert.Equal("there is no CUDA driver (libabsent.so.1)", WhyNot("libabsent.so.1"));
        Assert.Equal("the CUDA driver is older than 11.4: it lacks cuDeviceGetUuid_v2", WhyNot(old));
    }

    [Fact]
    public void WhyNotMirrored_OnTheCpu_SaysSo()
    {
        using var samples = new TorchSamples(2, 4096, Width, Height, CPU, usesDriver: false);

        Assert.Equal("its samples are not on CUDA", samples.WhyNotMirrored(_device));
    }

    [SkippableFact]
    public void OnCuda_BuildWithoutCuda_SaysSo()
    {
        Skip.If(TorchNative.Variant != "cpu", "This build may have CUDA.");

        NotSupportedException error = Assert.Throws<NotSupportedException>(
            () => TorchSamples.OnCuda(2, 4096, Width, Height));
        Assert.Contains("CUDA is not available", error.Message, StringComparison.Ordinal);
    }

    private static string? WhyNot(string library)
    {
        string before = CudaNative.Library;
        CudaNative.Library = library;
        try
        {
            _ = CudaDevice.TryOpen(out string? whyNot);
            return whyNot;
        }
        finally
        {
            CudaNative.Library = before;
        }
    }

    /// <summary>A ring in a tensor of the CPU, whose address the stand-in takes for the device's.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly SampleRing _ring;
        private int _seed;

        public Rig()
        {
            TorchSamples? samples = null;
            _ring = new SampleRing(
                Width, Height, 0,
                (slots, size) => samples = new TorchSamples(slots, size, Width, Height, CPU, usesDriver: true));
            Samples = samples!;
            File = new ExportedFile(_ring.SizeInBytes + 512);
        }

        public TorchSamples Samples { get; }

        public ExportedFile File { get; }

        public float[] Write(int slot, bool isDenoised)
        {
            var random = new Random(++_seed);
            float[] image = [.. Enumerable.Range(0, _ring.PlaneLength).Select(_ => random.NextSingle())];
            Samples.Write(slot, isDenoised, image);
            return image;
        }

        public float[] Mirrored(int slot, bool isDenoised) => File.Image(
            (slot * _ring.SlotSizeInBytes) + (isDenoised ? _ring.DenoisedOffsetInBytes : 0), _ring.PlaneLength);

        public void Dispose()
        {
            _ring.Dispose();
            Samples.Dispose();
            File.Dispose();
        }
    }
}
