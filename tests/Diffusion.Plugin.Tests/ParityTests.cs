using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Plugin.Tests;

/// <summary>A request in C and the same request in C# give the same picture, to the bit.</summary>
public sealed unsafe class ParityTests : IDisposable
{
    private const int Size = 16;
    private const int Label = 8;
    private const int Steps = 6;

    private static TextureRequest Managed => new()
    {
        Width = Size,
        Height = Size,
        ClassLabel = Label,
        Seed = 5,
        Steps = Steps,
    };

    public ParityTests() => TestBackend.SampleShare = 0.5f;

    public void Dispose() => TestBackend.SampleShare = 0;

    [SkippableTheory]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void Eta_IsDdims(double eta) => AssertSame(
        Managed with { Solver = new DdimSolver(eta) }, (ref NativeRequest request) => request.Eta = eta, "ddim");

    [SkippableFact]
    public void Churn_EachNumber_IsEdms()
    {
        AssertSame(
            Managed with { Solver = new HeunSolver(new EdmChurn(20, 0.1, 10, 1.2)) },
            (ref NativeRequest request) =>
            {
                request.Churn = 20;
                request.ChurnMinSigma = 0.1;
                request.ChurnMaxSigma = 10;
                request.ChurnNoise = 1.2;
            },
            "edm");

        // What is not said is the named solver's own.
        AssertSame(
            Managed with { Solver = SolverCatalog.WithChurn(SolverCatalog.Parse("edm"), 1) },
            (ref NativeRequest request) => request.Churn = 1,
            "edm");
        AssertSame(
            Managed with { Solver = new HeunSolver(new EdmChurn(1, 0.05, double.PositiveInfinity, 1.003)) },
            (ref NativeRequest request) =>
            {
                request.Churn = 1;
                request.ChurnMaxSigma = double.PositiveInfinity;
            },
            "edm");
    }

    [SkippableFact]
    public void CorrectorSnr_IsPcs() => AssertSame(
        Managed with { Solver = new PredictorCorrectorSolver(0.3) },
        (ref NativeRequest request) => request.CorrectorSnr = 0.3,
        "pc");

    [SkippableTheory]
    [InlineData(0f, 1f)]
    [InlineData(0.25f, 0.25f)]
    public void Palette_IsThatOfAPicture(float strength, float expected)
    {
        uint[] palette = [0xA08060, 0x406080, 0xFFFFFF, 0x000000];
        float[] planes =
        [
            .. palette.Select(colour => Value(colour / 0x10000)),
            .. palette.Select(colour => Value(colour / 0x100 % 0x100)),
            .. palette.Select(colour => Value(colour % 0x100)),
        ];
        fixed (uint* first = palette)
        {
            uint* colours = first;
            AssertSame(
                Managed with { Colours = ColourTarget.OfPicture(planes, expected) },
                (ref NativeRequest request) =>
                {
                    request.Palette = colours;
                    request.PaletteCount = 4;
                    request.PaletteStrength = strength;
                },
                afterwards: () => Array.Fill(palette, 0u));
        }

        static float Value(uint channel) => (channel / 127.5f) - 1;
    }

    [SkippableFact]
    public void Mask_KeepsTheImageWhereItIsZero()
    {
        float[] image = [.. Enumerable.Range(0, 3 * Size * Size).Select(i => (i % 256 / 127.5f) - 1)];
        float[] mask = [.. Enumerable.Range(0, Size * Size).Select(i => i % Size / (Size - 1f))];
        TextureRequest managed = Managed with { Image = image.ToArray(), Mask = mask.ToArray(), Strength = 0.7 };
        fixed (float* firstImage = image, firstMask = mask)
        {
            float* pixels = firstImage;
            float* weights = firstMask;
            byte[] picture = AssertSame(
                managed,
                (ref NativeRequest request) =>
                {
                    request.Image = pixels;
                    request.Mask = weights;
                    request.Strength = 0.7;
                },
                afterwards: () =>
                {
                    Array.Fill(image, float.NaN);
                    Array.Fill(mask, float.NaN);
                });

            // The first column is kept, of which red in the first row is black.
            Assert.All(Enumerable.Range(0, Size), row => Assert.Equal(row * Size, picture[row * Size * 4]));
        }
    }

    [SkippableFact]
    public void Times_AndTheirEnd_AreThoseOfTheSchedule()
    {
        double[] times = [990, 700, 300, 120];
        fixed (double* first = times)
        {
            double* copied = first;
            AssertSame(
                Managed with { Times = times.ToArray() },
                (ref NativeRequest request) =>
                {
                    request.Times = copied;
                    request.TimeCount = 4;
                },
                afterwards: () => Array.Fill(times, double.NaN));
        }

        // Zero is a time as any other: the flag asks for it.
        AssertSame(
            Managed with { EndTime = 0 },
            (ref NativeRequest request) => request.Flags |= (uint)RequestFlags.EndTime);
        AssertSame(
            Managed with { EndTime = 25 },
            (ref NativeRequest request) =>
            {
                request.Flags |= (uint)RequestFlags.EndTime;
                request.EndTime = 25;
            });
    }

    [SkippableFact]
    public void Retarget_Mask_IsRefusedAndWhatWasKeptStays()
    {
        using var host = new Host();
        float[] image = new float[3 * Size * Size];
        float[] mask = new float[Size * Size];
        NativeRequest request = Native();
        fixed (float* firstImage = image, firstMask = mask)
        {
            request.Image = firstImage;
            request.Mask = firstMask;
            ulong texture = host.Submit(request);
            host.Finish(texture);
            NativeRequest goal = Native();
            goal.ClassLabel = 1;
            goal.Mask = firstMask;
            Assert.Equal(ResultCode.ErrorInvalidArgument, C.Retarget(host.Runtime, texture, &goal));
            Assert.Contains("mask", C.LastError(), StringComparison.Ordinal);
            goal.Mask = null;
            Host.Check(C.Retarget(host.Runtime, texture, &goal));
            host.Finish(texture);
            Assert.All(Read(host, texture), value => Assert.True(value is 128 or 255, $"{value}"));
        }
    }

    private delegate void Change(ref NativeRequest request);

    private static NativeRequest Native()
    {
        NativeRequest request = Host.Request(Label, Size, Steps);
        request.Seed = 5;
        return request;
    }

    /// <summary>The change gives the managed request's picture, and without it there is another.</summary>
    private static byte[] AssertSame(
        TextureRequest managed, Change change, string? solver = null, Action? afterwards = null)
    {
        using var host = new Host();
        byte[] expected = Generate(managed);
        fixed (byte* name = Host.Text(solver ?? ""))
        {
            NativeRequest request = Native();
            request.Solver = solver is null ? null : name;
            ulong plain = host.Submit(request);
            change(ref request);
            ulong changed = host.Submit(request);

            // It was copied.
            afterwards?.Invoke();
            host.Finish(plain);
            host.Finish(changed);
            Assert.Equal(expected, Read(host, changed));
            Assert.NotEqual(expected, Read(host, plain));
        }

        return expected;
    }

    private static byte[] Generate(TextureRequest request)
    {
        ModelFolder folder = ModelFolder.Open(Repository.Model);
        using var backend = TestBackend.Create(folder.Config);
        using var runtime = new DiffusionRuntime(backend, folder.Description);
        TextureHandle texture = runtime.Submit(request);
        while (runtime.GetProgress(texture).Status is ChainStatus.Running or ChainStatus.Waiting)
        {
            runtime.Tick(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(texture).Status);
        var bytes = new byte[Size * Size * 4];
        Assert.True(SamplePixels.TryRead(
            runtime.GetSamples(texture), isDenoised: false, 0, bytes, Size * 4, out _));
        return bytes;
    }

    private static byte[] Read(Host host, ulong texture)
    {
        Assert.Equal((uint)ChainStatus.Completed, host.Progress(texture).Status);
        var bytes = new byte[Size * Size * 4];
        fixed (byte* data = bytes)
        {
            NativePixels pixels = C.Init<NativePixels>();
            pixels.Data = data;
            pixels.DataSize = (ulong)bytes.Length;
            Host.Check(C.ReadPixels(host.Runtime, texture, &pixels));
        }

        return bytes;
    }
}
