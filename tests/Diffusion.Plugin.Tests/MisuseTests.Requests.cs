using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <content>Requests that break a rule.</content>
public sealed unsafe partial class MisuseTests
{
    [SkippableFact]
    public void Submit_EveryWrongField_IsAnInvalidArgumentThatNamesIt()
    {
        using var host = new Host();
        AssertRefused(host, "width", (ref NativeRequest request) => request.Width = 0);
        AssertRefused(host, "Width", (ref NativeRequest request) => request.Width = 33);
        AssertRefused(host, "height", (ref NativeRequest request) => request.Height = int.MaxValue);
        AssertRefused(host, "flags", (ref NativeRequest request) => request.Flags = 1 << 30);
        AssertRefused(host, "class_label", (ref NativeRequest request) => request.ClassLabel = -1);
        AssertRefused(host, "ClassLabel", (ref NativeRequest request) => request.ClassLabel = 99);
        AssertRefused(host, "teps", (ref NativeRequest request) => request.Steps = -1);
        AssertRefused(host, "teps", (ref NativeRequest request) => request.Steps = 1001);
        AssertRefused(host, "ready_within", (ref NativeRequest request) => request.ReadyWithinTicks = -1);
        AssertRefused(host, "Guidance", (ref NativeRequest request) => request.GuidanceScale = float.NaN);
        AssertRefused(host, "Threshold", (ref NativeRequest request) => request.ThresholdRatio = 2);
        AssertRefused(host, "Variation", (ref NativeRequest request) => request.Variation = 1.5f);
        AssertRefused(host, "SecondClassWeight", (ref NativeRequest request) => request.SecondClassWeight = 0.5f);
        AssertRefused(
            host, "second_class_label", (ref NativeRequest request) =>
            {
                request.Flags |= (uint)RequestFlags.SecondClassLabel;
                request.SecondClassLabel = -1;
            });
        AssertRefused(host, "mean_color", (ref NativeRequest request) => request.MeanColor = 0x1000000);
        AssertRefused(host, "Colours.Strength", (ref NativeRequest request) => request.MeanColorStrength = 2);
        AssertRefused(host, "display", (ref NativeRequest request) => request.Display = 2);
        AssertRefused(host, "strength", (ref NativeRequest request) => request.Strength = double.NaN);
        AssertRefused(host, "Strength", (ref NativeRequest request) => request.Strength = 0.5);
        Assert.Equal(0u, host.Statistics().TexturesLive);
    }

    [SkippableFact]
    public void Submit_EveryWrongSolverOption_IsAnInvalidArgumentThatNamesIt()
    {
        using var host = new Host();
        fixed (byte* ddim = Host.Text("ddim"), edm = Host.Text("edm"), pc = Host.Text("pc"))
        {
            (nint none, nint other) = (0, (nint)ddim);
            Refuse("'dpmpp-2m' has no eta", none, (ref NativeRequest request) => request.Eta = 0.5);
            Refuse("eta must be from 0 to 1, not 1.5", (nint)ddim, (ref NativeRequest request) => request.Eta = 1.5);
            Refuse("eta", (nint)ddim, (ref NativeRequest request) => request.Eta = double.NaN);
            Refuse("'ddim' has no churn", other, (ref NativeRequest request) => request.Churn = 1);
            Refuse("'ddim' has no churn", other, (ref NativeRequest request) => request.ChurnMinSigma = 1);
            Refuse("'ddim' has no churn", other, (ref NativeRequest request) => request.ChurnMaxSigma = 1);
            Refuse("'ddim' has no churn", other, (ref NativeRequest request) => request.ChurnNoise = 1);
            Refuse("churn must", (nint)edm, (ref NativeRequest request) => request.Churn = -1);
            Refuse("churn must", (nint)edm, (ref NativeRequest request) => request.Churn = double.PositiveInfinity);
            Refuse("60 and 50", (nint)edm, (ref NativeRequest request) => request.ChurnMinSigma = 60);
            Refuse("churn_max_sigma", (nint)edm, (ref NativeRequest request) => request.ChurnMaxSigma = double.NaN);
            Refuse("churn_noise must", (nint)edm, (ref NativeRequest request) => request.ChurnNoise = -0.5);
            Refuse("'ddim' has no corrector_snr", other, (ref NativeRequest request) => request.CorrectorSnr = 1);
            Refuse("corrector_snr must", (nint)pc, (ref NativeRequest request) => request.CorrectorSnr = -1);
            Refuse("corrector_snr must", (nint)pc, (ref NativeRequest request) => request.CorrectorSnr = double.NaN);
        }

        void Refuse(string named, nint solver, Change change) => AssertRefused(
            host, named, (ref NativeRequest request) =>
            {
                request.Solver = (byte*)solver;
                change(ref request);
            });
    }

    [SkippableFact]
    public void Submit_EveryWrongTime_IsAnInvalidArgumentThatNamesIt()
    {
        using var host = new Host();
        double* times = stackalloc double[2] { 300, 400 };
        AssertRefused(host, "times is null and time_count is 2", (ref NativeRequest request) => request.TimeCount = 2);
        AssertRefused(host, "from 1 to 1000, not 0", (ref NativeRequest request) => Set(ref request, 0));
        AssertRefused(host, "not 1001", (ref NativeRequest request) => Set(ref request, 1001));
        AssertRefused(host, "Time 1 is 400", (ref NativeRequest request) => Set(ref request, 2));
        AssertRefused(host, "EndTime must be from 0 to", (ref NativeRequest request) => End(ref request, 2000));
        AssertRefused(host, "end_time must be finite", (ref NativeRequest request) => End(ref request, double.NaN));

        void Set(ref NativeRequest request, ulong count)
        {
            request.Times = times;
            request.TimeCount = count;
        }

        static void End(ref NativeRequest request, double time)
        {
            request.Flags |= (uint)RequestFlags.EndTime;
            request.EndTime = time;
        }
    }

    [SkippableFact]
    public void Submit_EveryWrongPaletteOrMask_IsAnInvalidArgumentThatNamesIt()
    {
        using var host = new Host();
        uint* palette = stackalloc uint[2] { 0xFFFFFF, 0x1000000 };
        AssertRefused(host, "palette_count is 1", (ref NativeRequest request) => request.PaletteCount = 1);
        AssertRefused(host, "palette_strength must be 0", (ref NativeRequest request) => request.PaletteStrength = 1);
        AssertRefused(host, "palette_count must", (ref NativeRequest request) => request.Palette = palette);
        AssertRefused(
            host, "not 1048577", (ref NativeRequest request) => Set(ref request, (1 << 20) + 1));
        AssertRefused(
            host, "palette[1] must be 0xRRGGBB, not 0x1000000", (ref NativeRequest request) => Set(ref request, 2));
        AssertRefused(
            host, "palette_strength must be from 0 to 1, not NaN", (ref NativeRequest request) =>
            {
                Set(ref request, 1);
                request.PaletteStrength = float.NaN;
            });
        AssertRefused(
            host, "mean_color_strength must be 0 with a palette", (ref NativeRequest request) =>
            {
                Set(ref request, 1);
                request.MeanColorStrength = 1;
            });
        float[] mask = [.. Enumerable.Repeat(1f, 32 * 32)];
        float[] image = new float[3 * 32 * 32];
        fixed (float* firstMask = mask, firstImage = image)
        {
            float* weights = firstMask;
            float* pixels = firstImage;
            AssertRefused(host, "needs an Image", (ref NativeRequest request) => request.Mask = weights);
            mask[7] = 1.5f;
            AssertRefused(
                host, "Value 7 of the mask is 1.5", (ref NativeRequest request) =>
                {
                    request.Image = pixels;
                    request.Mask = weights;
                });
        }

        void Set(ref NativeRequest request, ulong count)
        {
            request.Palette = palette;
            request.PaletteCount = count;
        }
    }

    [SkippableFact]
    public void Submit_WrongNames_AreInvalidArguments()
    {
        using var host = new Host();
        NativeRequest request = Host.Request();
        ulong texture;
        var endless = new byte[Utf8Text.MaxBytes];
        Array.Fill(endless, (byte)'a');
        foreach (byte[] name in (byte[][])[Host.Text("no-such"), [0xff, 0xfe, 0], endless, [0]])
        {
            fixed (byte* text = name)
            {
                request.Solver = text;
                Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, &request, &texture));
                request.Solver = null;
                request.ClassName = text;
                Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, &request, &texture));
                request.ClassName = null;
            }
        }
    }

    private delegate void Change(ref NativeRequest request);

    private static void AssertRefused(Host host, string named, Change change)
    {
        NativeRequest request = Host.Request();
        change(ref request);
        ulong texture = 0;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, &request, &texture));
        Assert.Contains(named, C.LastError(), StringComparison.Ordinal);
        Assert.Equal(0u, texture);
    }
}
