using System.Numerics;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Sampling;

/// <summary>
/// The step that CUDA takes, on tensors of the CPU, against the host's kernel, which is tested against float64
/// formulas.
/// </summary>
public sealed class TorchSampleStateTests
{
    private const int Width = TorchStepRig.Width;
    private const int Height = TorchStepRig.Height;
    private const int Length = 3 * Width * Height;

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Start_ImageOrNot_IsTheHostsToTheBit(bool hasImage, bool isNoised)
    {
        using var rig = new TorchStepRig();
        rig.Start(hasImage ? Wave() : null, isNoised: isNoised);

        Assert.Equal(rig.HostSample.ToArray(), rig.TorchSample.ToArray());
        Assert.Equal(rig.HostDenoised.ToArray(), rig.TorchDenoised.ToArray());
        Assert.Equal(rig.Host.Samples.LatestInfo, rig.Torch.Samples.LatestInfo);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompleteStep_EveryTermOfTheHistory_IsTheHosts(bool isGuided)
    {
        using var rig = new TorchStepRig(isGuided);
        rig.Start();
        for (int number = 1; number <= 7; number++)
        {
            LinearStep step = new() { Sample = 0.8, Noise = number % 2 == 0 ? 0.7 : 0 };
            step.Denoised[0] = -0.6;
            for (int k = 1; k <= Math.Min(LinearStep.MaxDenoised - 1, number - 1); k++)
            {
                step.Denoised[k] = 0.3 - (0.1 * k);
                step.EarlierSamples[k - 1] = k % 2 == 0 ? 0.2 : 0;
            }

            rig.Step(Evaluate(isGuided ? 3 : 1, number > 4 ? 0.5f : float.PositiveInfinity), step, number);
        }

        rig.AssertSame();
        Assert.Equal(rig.Host.Samples.LatestInfo, rig.Torch.Samples.LatestInfo);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompleteStep_TwoClasses_IsTheHostsByWeightAndByMask(bool isGuided)
    {
        using var rig = new TorchStepRig(isGuided, isMixed: true);
        rig.Start();
        LinearStep step = Half();
        Evaluation evaluation = Evaluate(isGuided ? 3 : 1) with { SecondLabel = 1, SecondWeight = 0.3f };

        rig.Step(evaluation, step, 1);
        rig.AssertSame();
        rig.SetClassMask([.. Wave().Take(Width * Height).Select(value => 0.5f + (0.5f * value))]);
        rig.Step(evaluation, step, 2);
        rig.AssertSame();
        rig.SetClassMask([]);
        rig.Step(evaluation, step, 3);
        rig.AssertSame();
    }

    [Theory]
    [InlineData(0.9f, 0.1f)]
    [InlineData(1f, 0.1f)]
    [InlineData(0.01f, 0.1f)]
    [InlineData(0.5f, 2f)]
    public void CompleteStep_Threshold_TakesTheRankThatTheHostTakes(float ratio, float limit)
    {
        using var rig = new TorchStepRig();
        rig.Start();

        rig.Step(Evaluate(clamp: limit, threshold: ratio), Half(), 1);

        rig.AssertSame();
    }

    [Theory]
    [InlineData(0, 0.8f, false)]
    [InlineData(0, float.PositiveInfinity, true)]
    [InlineData(0.9f, 0.8f, true)]
    public void CompleteStep_GivenColours_IsTheHosts(float threshold, float limit, bool hasCovariance)
    {
        using var rig = new TorchStepRig();
        rig.Start();
        LinearStep step = Half() with { Noise = 0.2, Target = new NoiseLevel(1, 0.9, 0.3) };
        Evaluation evaluation = Evaluate(clamp: limit, threshold: threshold) with
        {
            Colours = new ColourTarget
            {
                Mean = new Vector3(0.3f, -0.2f, 0.1f),
                Covariance = hasCovariance ? new(0.05f, 0.02f, -0.01f, 0.04f, 0.01f, 0.03f) : null,
                Strength = 0.75f,
            },
        };

        rig.Step(evaluation, step, 1);
        rig.Step(evaluation, step, 2);

        rig.AssertSame();
    }

    [Fact]
    public void CompleteStep_Mask_KeepsThePixelsToTheBitUntilTheNextStart()
    {
        using var rig = new TorchStepRig();
        float[] image = Wave();
        float[] mask = [.. Enumerable.Range(0, Width * Height).Select(i => i % 3 / 2f)];
        rig.Start(image, mask);
        rig.Step(Evaluate(clamp: 0.5f), Half(), 1);
        rig.Step(Evaluate(clamp: 0.5f), Half(), 2);

        rig.AssertSame();
        float[] denoised = rig.TorchDenoised.ToArray();
        Assert.All(
            Enumerable.Range(0, Length).Where(i => mask[i % mask.Length] == 0),
            i => Assert.Equal(image[i], denoised[i]));
        rig.Start();
        rig.Step(Evaluate(clamp: 0.5f), Half(), 1);
        rig.AssertSame();
    }

    [Fact]
    public void CompleteStep_Langevin_StepsByTheNormsOfNoiseAndScore()
    {
        using var rig = new TorchStepRig();
        rig.Start();
        LinearStep step = new() { Sample = -1.5, Langevin = 0.02 };
        step.Denoised[0] = 1.2;

        rig.Step(Evaluate(), step, 1);
        rig.Step(Evaluate(), step, 2);

        rig.AssertSame();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompleteStep_LearnedVariance_ScalesTheNoiseValueByValue(bool isGuided)
    {
        using var rig = new TorchStepRig(isGuided, hasVariance: true);
        rig.Start();
        LinearStep step = Half() with { LearnedVariance = true, LogVarianceLow = -9, LogVarianceHigh = -1 };

        rig.Step(Evaluate(isGuided ? 4 : 1), step, 1);

        rig.AssertSame();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void CompleteStep_ValueNotFinite_IsReportedAndNothingIsPublished(float value)
    {
        using var rig = new TorchStepRig();
        rig.Start();
        SampleInfo before = rig.Torch.Samples.LatestInfo;
        using Tensor output = full(1, 3, Height, Width, value);

        NonFiniteSampleException error = Assert.Throws<NonFiniteSampleException>(
            () => rig.Torch.CompleteStep(Evaluate(), output, Half(), TorchStepRig.Noise, 4));

        Assert.Equal(4, error.StepNumber);
        Assert.Equal(before, rig.Torch.Samples.LatestInfo);
        rig.Start();
        rig.Step(Evaluate(), Half(), 1);
        rig.AssertSame();
    }

    [Fact]
    public void CompleteStep_ReadersHoldAllSlots_ReturnsFalse()
    {
        using var rig = new TorchStepRig();
        rig.Start();
        using Tensor output = zeros(1, 3, Height, Width);
        int number = 0;
        do
        {
            Assert.True(rig.Torch.Samples.TryAcquireLatest(0, out _));
        }
        while (rig.Torch.CompleteStep(Evaluate(), output, Half(), TorchStepRig.Noise, ++number));

        SampleInfo before = rig.Torch.Samples.LatestInfo;
        Assert.False(rig.Torch.CompleteStep(Evaluate(), output, Half(), TorchStepRig.Noise, number));
        Assert.Equal(before, rig.Torch.Samples.LatestInfo);
        Assert.True(number > SampleRing.ReaderSlots);
    }

    [Fact]
    public void CompleteStep_BeforeTheStart_Throws()
    {
        using var rig = new TorchStepRig();
        using Tensor output = zeros(1, 3, Height, Width);

        Assert.Throws<InvalidOperationException>(
            () => rig.Torch.CompleteStep(Evaluate(), output, Half(), TorchStepRig.Noise, 1));
        Assert.Throws<InvalidOperationException>(() => rig.Torch.Input(1));
    }

    [Fact]
    public void Input_GuidedBatch_IsScaledXForEach()
    {
        using var rig = new TorchStepRig(isGuided: true);
        rig.Start();

        float[] input = rig.Torch.Input(0.25f).data<float>().ToArray();

        float[] expected = [.. rig.HostSample.ToArray().Select(x => 0.25f * x)];
        Assert.Equal([.. expected, .. expected], input);
    }

    [Fact]
    public void Life_StartsAndSteps_LeavesNoTensorBehind()
    {
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (var rig = new TorchStepRig(isGuided: true, isMixed: true))
        {
            float[] mask = [.. Enumerable.Repeat(0.5f, Width * Height)];
            rig.SetClassMask(mask);
            rig.Start(Wave(), mask);
            rig.Step(Evaluate(2, clamp: 1, threshold: 0.9f), Half() with { Noise = 0.1 }, 1);
            long begun = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            rig.Step(Evaluate(2, clamp: 1, threshold: 0.9f), Half() with { Noise = 0.1 }, 2);
            rig.Start(Wave(), mask);
            _ = rig.Torch.Input(1);
            _ = rig.TorchSample;
            Assert.Equal(begun, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static float[] Wave() => [.. Enumerable.Range(0, Length).Select(i => MathF.Sin(i))];

    private static LinearStep Half()
    {
        LinearStep step = new() { Sample = 0.5 };
        step.Denoised[0] = 0.7;
        return step;
    }

    private static Evaluation Evaluate(
        float guidance = 1, float clamp = float.PositiveInfinity, float threshold = 0) =>
        new(new Preconditioning(0.4, -0.8, 1, 0), 0, 1, guidance, clamp, threshold);
}
