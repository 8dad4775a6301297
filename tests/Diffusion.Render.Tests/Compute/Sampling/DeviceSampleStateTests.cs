using System.Numerics;
using CsCheck;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>A step on the device against the host's kernel, which is tested against float64 formulas.</summary>
[Collection(VulkanTests.Name)]
public sealed class DeviceSampleStateTests(VulkanFixture vulkan)
{
    // A dozen float32 roundings of terms of magnitude up to about 30, on either side.
    private const float FloatTolerance = 8e-5f;

    private const int Age = LinearStep.MaxDenoised - 1;

    private static readonly NoiseSource _noise = new(0x123456789ABCDEF0, 5, -7, 1 << 20);

    [SkippableTheory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Start_ImageOrNot_IsTheHosts(bool hasImage, bool isNoised)
    {
        using var rig = new StepRig(vulkan.Device, 13, 6);
        float[]? image = hasImage ? [.. Enumerable.Range(0, rig.ImageLength).Select(i => MathF.Sin(i))] : null;

        rig.Start(_noise, image, isNoised);

        AssertClose(rig.HostSample, rig.DeviceSample, 2e-6f);
        Assert.Equal(rig.HostDenoised.ToArray(), rig.DeviceDenoised.ToArray());
        Assert.Equal(rig.Host.Samples.LatestInfo, rig.Device.Samples.LatestInfo);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_AnyCoefficientsAndHistory_IsTheHosts()
    {
        _ = vulkan.Device;
        Gen.Select(
            Gen.Int[1, 20], Gen.Int[1, 12], Gen.Bool, Gen.Double[-1, 1].Array[5 + (2 * Age)]).Sample(
            (width, height, isGuided, c) =>
            {
                using var rig = new StepRig(vulkan.Device, width, height, isGuided);
                rig.Start(_noise);
                for (int number = 1; number <= 7; number++)
                {
                    LinearStep step = default;
                    (step.Sample, step.Denoised[0], step.Noise) = (c[3], c[4], number % 2 == 0 ? 0.7 : 0);
                    for (int k = 1; k <= Math.Min(Age, number - 1); k++)
                    {
                        step.Denoised[k] = c[4 + k];
                        step.EarlierSamples[k - 1] = k % 2 == 0 ? c[4 + Age + k] : 0;
                    }

                    Evaluation evaluation = StepRig.Evaluate(
                        c[0], c[1], isGuided ? (float)(3 * c[2]) : 1, number > 4 ? 0.5f : float.PositiveInfinity);
                    rig.Step(evaluation, step, _noise, number);
                }

                AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
                AssertClose(rig.HostDenoised, rig.DeviceDenoised, FloatTolerance);
                Assert.Equal(rig.Host.Samples.LatestInfo, rig.Device.Samples.LatestInfo);
            },
            iter: 20, threads: 1);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompleteStep_TwoClasses_IsTheHostsByWeightAndByMask(bool isGuided)
    {
        using var rig = new StepRig(vulkan.Device, 21, 10, isGuided, isMixed: true);
        rig.Start(_noise);
        LinearStep step = default;
        (step.Sample, step.Denoised[0]) = (0.5, 0.7);
        Evaluation evaluation =
            StepRig.Evaluate(guidance: isGuided ? 3 : 1) with { SecondLabel = 1, SecondWeight = 0.3f };

        rig.Step(evaluation, step, _noise, 1);
        AssertClose(rig.HostDenoised, rig.DeviceDenoised, FloatTolerance);
        rig.SetClassMask([.. Enumerable.Range(0, 21 * 10).Select(i => 0.5f + (0.5f * MathF.Sin(i)))]);
        rig.Step(evaluation, step, _noise, 2);
        AssertClose(rig.HostDenoised, rig.DeviceDenoised, FloatTolerance);
        rig.SetClassMask([]);
        rig.Step(evaluation, step, _noise, 3);
        AssertClose(rig.HostDenoised, rig.DeviceDenoised, FloatTolerance);
        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(0, false, 0.8f, false)]
    [InlineData(0, false, float.PositiveInfinity, true)]
    [InlineData(0.9f, false, 0.8f, true)]
    [InlineData(0, true, 0.8f, true)]
    public void CompleteStep_GivenColours_IsTheHosts(float threshold, bool isLangevin, float limit, bool hasCovariance)
    {
        using var rig = new StepRig(vulkan.Device, 37, 21);
        rig.Start(_noise);
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.Noise) = (0.5, 0.7, 0.2);
        step.Langevin = isLangevin ? 2 * 0.16 * 0.16 : 0;
        step.Target = new NoiseLevel(1, 0.9, 0.3);
        Evaluation evaluation = StepRig.Evaluate(clamp: limit, threshold: threshold) with
        {
            Colours = new ColourTarget
            {
                Mean = new Vector3(0.3f, -0.2f, 0.1f),
                Covariance = hasCovariance ? new(0.05f, 0.02f, -0.01f, 0.04f, 0.01f, 0.03f) : null,
                Strength = 0.75f,
            },
        };

        rig.Step(evaluation, step, _noise, 1);
        rig.Step(evaluation, step, _noise, 2);

        AssertClose(rig.HostDenoised, rig.DeviceDenoised, FloatTolerance);
        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(0.9f, 0.1f, false)]
    [InlineData(1f, 0.1f, false)]
    [InlineData(0.01f, 0.1f, false)]
    [InlineData(0.5f, 2f, false)]
    [InlineData(0.995f, 0.3f, true)]
    public void CompleteStep_Threshold_TakesTheVeryRankTheHostTakes(float ratio, float limit, bool isLangevin)
    {
        using var rig = new StepRig(vulkan.Device, 37, 21);
        rig.Start(_noise);
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.Langevin) = (-0.9, 1.1, isLangevin ? 0.03 : 0);

        // Without x in D, both have the same bits before the scale.
        rig.Step(StepRig.Evaluate(0, 1, clamp: limit, threshold: ratio), step, _noise, 1);

        Assert.Equal(rig.HostDenoised.ToArray(), rig.DeviceDenoised.ToArray());
        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(0, false)]
    [InlineData(0.9f, false)]
    [InlineData(0, true)]
    [InlineData(0.9f, true)]
    public void CompleteStep_Mask_KeepsWhatTheHostKeeps(float threshold, bool isLangevin)
    {
        using var rig = new StepRig(vulkan.Device, 21, 10);
        float[] image = [.. Enumerable.Range(0, rig.ImageLength).Select(i => MathF.Sin(i))];
        float[] mask = [.. Enumerable.Range(0, rig.ImageLength / 3).Select(i => i % 3 / 2f)];
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.Langevin) = (-0.9, 1.1, isLangevin ? 0.03 : 0);
        rig.Start(_noise, image, mask: mask);
        rig.Step(StepRig.Evaluate(0, 1, clamp: 0.5f, threshold: threshold), step, _noise, 1);

        // Once more by the ring's history, and from then on nothing is kept.
        rig.Step(StepRig.Evaluate(0, 1, clamp: 0.5f, threshold: threshold), step, _noise, 2);

        Assert.Equal(rig.HostDenoised.ToArray(), rig.DeviceDenoised.ToArray());
        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        IEnumerable<int> kept = Enumerable.Range(0, mask.Length).Where(i => mask[i] == 0);
        Assert.All(kept, i => Assert.Equal(image[i], rig.DeviceDenoised[i]));
        rig.Start(_noise);
        rig.Step(StepRig.Evaluate(0, 1, clamp: 0.5f, threshold: threshold), step, _noise, 1);
        Assert.Equal(rig.HostDenoised.ToArray(), rig.DeviceDenoised.ToArray());
        Assert.NotEqual(image[0], rig.DeviceDenoised[0]);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_Langevin_StepsByTheNormsOfNoiseAndScore()
    {
        using var rig = new StepRig(vulkan.Device, 45, 19);
        rig.Start(_noise);
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.Langevin) = (-1.5, 1.2, 0.02);

        for (int number = 1; number <= 3; number++)
        {
            rig.Step(StepRig.Evaluate(), step, _noise, number);
        }

        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompleteStep_LearnedVariance_ScalesTheNoiseValueByValue(bool isGuided)
    {
        using var rig = new StepRig(vulkan.Device, 16, 9, isGuided, hasVariance: true);
        rig.Start(_noise);
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.LearnedVariance) = (0.5, 0.5, true);
        (step.LogVarianceLow, step.LogVarianceHigh) = (-9, -1);

        rig.Step(StepRig.Evaluate(guidance: isGuided ? 4 : 1), step, _noise, 1);

        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_ReadsBeyondTheHistory_IsRefusedAndNothingIsSubmitted()
    {
        using var rig = new StepRig(vulkan.Device, 8, 8);
        rig.Start(_noise);
        LinearStep step = default;
        step.EarlierSamples[0] = 1;
        ulong submitted = vulkan.Device.Timeline.Submitted;

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => rig.Device.CompleteStep(StepRig.Evaluate(), step, _noise, 1));

        Assert.Contains("x_1", error.Message, StringComparison.Ordinal);
        Assert.Equal(submitted, vulkan.Device.Timeline.Submitted);
    }

    [SkippableFact]
    public void CompleteStep_VarianceOfANetworkWithout_IsRefused()
    {
        using var rig = new StepRig(vulkan.Device, 8, 8);
        rig.Start(_noise);
        var step = new LinearStep { LearnedVariance = true };

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => rig.Device.CompleteStep(StepRig.Evaluate(), step, _noise, 1));

        Assert.Contains("variance", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void SubmitInput_GuidedBatch_ScalesXForEachAndCopiesTheConditioning()
    {
        using var rig = new StepRig(vulkan.Device, 11, 5, isGuided: true);
        rig.Start(_noise);
        int entry = rig.Device.BeginEvaluation();
        for (int i = 0; i < StepRig.ConditioningLength; i++)
        {
            rig.Conditioning[(entry * StepRig.ConditioningLength) + i] = i;
        }

        rig.Device.SubmitInput(0.25f);
        vulkan.Device.WaitIdle();

        float[] expected = [.. rig.DeviceSample.ToArray().Select(x => 0.25f * x)];
        Assert.Equal([.. expected, .. expected], rig.Picture.ToArray());
        Assert.Equal(Enumerable.Range(0, StepRig.ConditioningLength).Select(i => (float)i), rig.Input.ToArray());
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(float.NaN, 1f)]
    [InlineData(float.NaN, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    public void CompleteStep_ValueNotFinite_IsReportedAndNothingIsPublished(float value, float clamp)
    {
        using var rig = new StepRig(vulkan.Device, 9, 9);
        rig.Start(_noise);
        rig.DrawOutput(1);
        rig.Output[200] = value;
        LinearStep step = default;
        step.Denoised[0] = 1;
        SampleInfo before = rig.Device.Samples.LatestInfo;

        NonFiniteSampleException error = Assert.Throws<NonFiniteSampleException>(
            () => rig.Device.CompleteStep(StepRig.Evaluate(clamp: clamp), step, _noise, 4));

        Assert.Equal(4, error.StepNumber);
        Assert.Equal(before, rig.Device.Samples.LatestInfo);
        rig.Start(_noise);
        rig.Step(StepRig.Evaluate(clamp: clamp), step, _noise, 1);
        AssertClose(rig.HostSample, rig.DeviceSample, FloatTolerance);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_NotWaitedFor_GivesTheSameBitsAndEnds()
    {
        float[] waited = Run(waits: true);

        Assert.Equal(waited, Run(waits: false));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_NotWaitedForAndNotFinite_IsReportedOnceTheDeviceIsDone()
    {
        using var rig = new StepRig(vulkan.Device, 9, 9, waits: false);
        rig.Start(_noise);
        rig.Output.Fill(float.NaN);
        LinearStep step = default;
        step.Denoised[0] = 1;
        rig.Device.BeginEvaluation();
        Assert.True(rig.Device.CompleteStep(StepRig.Evaluate(clamp: 1), step, _noise, 3));

        NonFiniteSampleException error = Assert.Throws<NonFiniteSampleException>(() => Finish(rig));

        Assert.Equal(3, error.StepNumber);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void CompleteStep_ReadersHoldAllSlots_ReturnsFalseAndSubmitsNothing()
    {
        using var rig = new StepRig(vulkan.Device, 8, 8);
        rig.Start(_noise);
        LinearStep step = default;
        step.Sample = 1;
        SampleRing ring = rig.Device.Samples;
        int number = 0;
        do
        {
            Assert.True(ring.TryAcquireLatest(0, out _));
            rig.DrawOutput(++number);
        }
        while (rig.Device.CompleteStep(StepRig.Evaluate(), step, _noise, number));

        ulong submitted = vulkan.Device.Timeline.Submitted;
        Assert.False(rig.Device.CompleteStep(StepRig.Evaluate(), step, _noise, number));
        Assert.Equal(submitted, vulkan.Device.Timeline.Submitted);
        Assert.True(number > SampleRing.ReaderSlots);
    }

    private float[] Run(bool waits)
    {
        using var rig = new StepRig(vulkan.Device, 24, 16, waits: waits);
        rig.Start(_noise);
        rig.DrawOutput(1);
        LinearStep step = default;
        (step.Sample, step.Denoised[0], step.Noise) = (0.7, 0.4, 0.2);
        for (int number = 1; number <= 12; number++)
        {
            rig.Device.BeginEvaluation();
            SpinWait wait = default;
            while (!rig.Device.CompleteStep(StepRig.Evaluate(), step, _noise, number))
            {
                wait.SpinOnce();
            }

            step.Denoised[1] = 0.1;
        }

        Finish(rig);
        return rig.DeviceSample.ToArray();
    }

    private static void Finish(StepRig rig)
    {
        SpinWait wait = default;
        while (!rig.Device.TryFinish())
        {
            wait.SpinOnce();
        }
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            float allowed = tolerance * MathF.Max(1, MathF.Abs(expected[i]));
            Assert.True(
                MathF.Abs(expected[i] - actual[i]) <= allowed, $"value {i} is {actual[i]} in place of {expected[i]}");
        }
    }
}
