using CsCheck;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Backends;

public sealed class HostStepKernelTests
{
    // A dozen float32 roundings of terms of magnitude up to about 30.
    private const double FloatTolerance = 4e-5;

    private const int Age = LinearStep.MaxDenoised - 1;

    [Fact]
    public void Run_AnyCoefficients_MatchesTheFormulaInFloat64() => Gen.Select(
        Gen.Int[1, 40], Gen.Int[1, 6], Gen.Int[1, 3], Gen.Bool, Gen.Double[-2, 2].Array[5 + (2 * Age)]).Sample(
        (width, height, threads, isGuided, c) =>
        {
            using Images images = new(width, height, seed: 3);
            HostStep step = images.Step();
            step.Evaluation = new Evaluation(new Preconditioning(c[0], c[1], 1, 0), 0, 1, (float)c[2], 1.5f);
            step.Step.Sample = c[3];
            step.Step.Denoised[0] = c[4];
            for (int k = 1; k <= Age; k++)
            {
                step.Step.Denoised[k] = c[4 + k];
                step.Step.EarlierSamples[k - 1] = c[4 + Age + k];
            }

            step.Step.Noise = 0.7;
            step.NullOutput = isGuided ? images.NullOutput : default;
            float[] z = images.Noise(step);

            Assert.True(HostStepKernel.Run(step, threads));

            for (int i = 0; i < z.Length; i++)
            {
                double output = isGuided
                    ? images.NullOutput[i] + (c[2] * (images.ClassOutput[i] - images.NullOutput[i]))
                    : images.ClassOutput[i];
                double d = Math.Clamp((c[0] * images.Sample[i]) + (c[1] * output), -1.5, 1.5);
                double next = (c[3] * images.Sample[i]) + (c[4] * d) + (0.7 * z[i]);
                for (int k = 1; k <= Age; k++)
                {
                    next += (c[4 + k] * images.Denoised(k)[i]) + (c[4 + Age + k] * images.EarlierSample(k)[i]);
                }

                Assert.Equal(d, images.NewDenoised[i], FloatTolerance);
                Assert.Equal(next, images.Next[i], FloatTolerance);
            }
        },
        iter: 200);

    [Fact]
    public void Run_LearnedVariance_ScalesTheNoiseValueByValue()
    {
        using Images images = new(13, 5, seed: 2);
        float[] variance = [.. Enumerable.Range(0, images.ClassOutput.Length).Select(i => MathF.Sin(i))];
        HostStep step = images.Step();
        step.VarianceOutput = variance;
        step.Step.LearnedVariance = true;
        (step.Step.LogVarianceLow, step.Step.LogVarianceHigh) = (-6, -2);
        float[] z = images.Noise(step);

        Assert.True(HostStepKernel.Run(step));

        for (int i = 0; i < z.Length; i++)
        {
            // [Nichol21, Eq. 15] with v from [-1, 1] to [0, 1]
            double v = (variance[i] + 1) / 2;
            Assert.Equal(z[i] * Math.Exp(0.5 * ((v * -2) + ((1 - v) * -6))), images.Next[i], FloatTolerance);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_Langevin_StepsByTheNormsOfNoiseAndScore(int threads)
    {
        using Images images = new(17, 9, seed: 2);
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0, 1, 1, 0), 0, -1, 1, float.PositiveInfinity);
        step.Step.Sample = -1.5;
        step.Step.Denoised[0] = 1.2;
        step.Step.Langevin = 0.02;
        float[] z = images.Noise(step);

        Assert.True(HostStepKernel.Run(step, threads));

        double[] score = [.. images.Sample.Zip(images.ClassOutput, (x, d) => (-1.5 * x) + (1.2 * d))];
        double epsilon = 0.02 * z.Sum(v => (double)v * v) / score.Sum(v => v * v);
        for (int i = 0; i < z.Length; i++)
        {
            double expected = images.Sample[i] + (epsilon * score[i]) + (Math.Sqrt(2 * epsilon) * z[i]);
            Assert.Equal(expected, images.Next[i], FloatTolerance);
        }
    }

    [Theory]
    [InlineData(0.9f)]
    [InlineData(1f)]
    [InlineData(0.01f)]
    public void Run_DynamicThreshold_ScalesByThePercentile(float ratio)
    {
        using Images images = new(21, 7, seed: 8);
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0, 2, 1, 0), 0, -1, 1, 1, ratio);
        step.Step.Denoised[0] = 1;

        Assert.True(HostStepKernel.Run(step));

        // [Saharia22, Sec. 2.3] s the percentile of |D| but at least the limit, D clamped to [-s, s] and divided by s.
        float[] sorted = [.. images.ClassOutput.Select(f => MathF.Abs(2 * f)).Order()];
        float s = Math.Max(1, sorted[Math.Min((int)(ratio * sorted.Length), sorted.Length - 1)]);
        for (int i = 0; i < sorted.Length; i++)
        {
            Assert.Equal(Math.Clamp(2 * images.ClassOutput[i], -s, s) / s, images.NewDenoised[i], FloatTolerance);
            Assert.Equal(images.NewDenoised[i], images.Next[i]);
        }
    }

    [Theory]
    [InlineData(1, 0f)]
    [InlineData(3, 0f)]
    [InlineData(2, 0.9f)]
    public void Run_Mask_MixesTheImageIntoTheFinalEstimate(int threads, float threshold)
    {
        using Images images = new(13, 5, seed: 8);
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0, 2, 1, 0), 0, -1, 1, 1, threshold);
        step.Step.Denoised[0] = 1;
        Assert.True(HostStepKernel.Run(step, threads));
        float[] free = images.NewDenoised;
        float[] mask = [.. Enumerable.Range(0, 65).Select(i => i % 3 / 2f)];
        step.Mask = mask;
        step.KeptImage = images.NullOutput;

        Assert.True(HostStepKernel.Run(step, threads));

        for (int i = 0; i < free.Length; i++)
        {
            double m = mask[i % 65];
            Assert.Equal((m * free[i]) + ((1 - m) * images.NullOutput[i]), images.NewDenoised[i], FloatTolerance);
            Assert.Equal(images.NewDenoised[i], images.Next[i]);
            if (m != 0.5)
            {
                Assert.Equal(m == 0 ? images.NullOutput[i] : free[i], images.NewDenoised[i]);
            }
        }
    }

    [Theory]
    [InlineData(64, "The mask holds 64 values; H·W is 65.")]
    [InlineData(65, "The image holds 0 values; 3·H·W is 195.")]
    public void Run_MaskWithoutItsImageOrSize_IsRefused(int length, string message)
    {
        using Images images = new(13, 5, seed: 8);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
        {
            HostStep step = images.Step();
            step.Mask = new float[length];
            step.KeptImage = length == 64 ? images.NullOutput : default;
            HostStepKernel.Run(step);
        });

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LastStep_GivesTheCleanEstimateToTheBit()
    {
        using Images images = new(13, 5, seed: 1);
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0, 1, 1, 0), 0, -1, 1, float.PositiveInfinity);
        step.Step.Denoised[0] = 1;

        Assert.True(HostStepKernel.Run(step));

        Assert.Equal(images.ClassOutput, images.Next);
    }

    [Fact]
    public void Run_AnyThreads_GivesTheSameBits()
    {
        using Images one = new(37, 11, seed: 4);
        using Images many = new(37, 11, seed: 4);

        HostStepKernel.Run(Noisy(one), threads: 1);
        HostStepKernel.Run(Noisy(many), threads: 3);

        Assert.Equal(one.Next, many.Next);

        static HostStep Noisy(Images images)
        {
            HostStep step = images.Step();
            step.Evaluation = new Evaluation(new Preconditioning(0.5, -0.5, 1, 0), 0, -1, 1, 1);
            step.Step.Sample = 0.3;
            step.Step.Denoised[0] = 0.6;
            step.Step.Noise = 0.2;
            return step;
        }
    }

    [Theory]
    [InlineData(0, float.NaN)]
    [InlineData(100, float.PositiveInfinity)]
    [InlineData(116, float.NegativeInfinity)]
    public void Run_ValueThatIsNotFinite_IsReported(int index, float value)
    {
        using Images images = new(13, 3, seed: 1);
        images.Overwrite(index, value);
        HostStep step = images.Step();
        step.Step.Sample = 1;

        Assert.False(HostStepKernel.Run(step));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    public void Run_TwoClasses_MixesThemByWeightOrMaskBeforeGuidance(bool hasMask, int threads)
    {
        using Images images = new(29, 5, seed: 3);
        float[] mask = [.. Enumerable.Range(0, 29 * 5).Select(i => 0.5f + (0.5f * MathF.Sin(i)))];
        float[] second = [.. images.ClassOutput.Reverse()];
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0.3, 0.7, 1, 0), 0, 1, 3, 1.5f)
        {
            SecondLabel = 1,
            SecondWeight = 0.25f,
        };
        step.SecondOutput = second;
        step.ClassMask = hasMask ? mask : default;
        step.NullOutput = images.NullOutput;

        Assert.True(HostStepKernel.Run(step, threads));

        for (int i = 0; i < second.Length; i++)
        {
            double m = hasMask ? mask[i % mask.Length] : 0.25;
            double mixed = ((1 - m) * images.ClassOutput[i]) + (m * second[i]);
            double guided = images.NullOutput[i] + (3 * (mixed - images.NullOutput[i]));
            Assert.Equal(
                Math.Clamp((0.3 * images.Sample[i]) + (0.7 * guided), -1.5, 1.5), images.NewDenoised[i],
                FloatTolerance);
        }
    }

    [Fact]
    public void Run_ShortImage_NamesIt()
    {
        using Images images = new(4, 4, seed: 1);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
        {
            HostStep step = images.Step();
            step.ClassOutput = images.ClassOutput.AsSpan(1);
            HostStepKernel.Run(step);
        });

        Assert.Contains("the network's output holds 47 values; 3·H·W is 48", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EstimateOlderThanTheHistory_NamesIt()
    {
        using SampleRing ring = new(4, 4, historyLength: 1);
        Assert.True(ring.TryBeginWrite(out _));
        ring.Publish(0, NoiseLevel.Clean);
        Assert.True(ring.TryBeginWrite(out int slot));

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
        {
            HostStep step = new()
            {
                Samples = ring,
                Slot = slot,
                ClassOutput = new float[48],
                Evaluation = new Evaluation(default, 0, -1, 1, 1),
                Step = default,
            };
            step.Step.Denoised[3] = 1;
            HostStepKernel.Run(step);
        });

        Assert.Contains("D_3", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A ring with a full history of random images, and the network's outputs.</summary>
    private sealed class Images : IDisposable
    {
        private readonly SampleRing _ring;
        private readonly int _slot;

        public Images(int width, int height, ulong seed)
        {
            _ring = new SampleRing(width, height, Age);
            for (int i = 0; i <= Age; i++)
            {
                Assert.True(_ring.TryBeginWrite(out int slot));
                Draw(10 + i).CopyTo(_ring.Sample(slot));
                Draw(20 + i).CopyTo(_ring.Denoised(slot));
                _ring.Publish(i, NoiseLevel.Clean);
            }

            Assert.True(_ring.TryBeginWrite(out _slot));
            _ring.Sample(_slot).Fill(float.NaN);
            ClassOutput = Draw(2);
            NullOutput = Draw(3);

            float[] Draw(int step)
            {
                float[] image = new float[3 * width * height];
                GaussianNoise.Fill(image, width, height, 3, new NoiseSource(seed), step);
                return image;
            }
        }

        public float[] ClassOutput { get; }

        public float[] NullOutput { get; }

        public float[] Sample => _ring.Sample(_ring.CurrentSlot).ToArray();

        public float[] Next => _ring.Sample(_slot).ToArray();

        public float[] NewDenoised => _ring.Denoised(_slot).ToArray();

        /// <summary>D_k: it stands beside the sample that it led to.</summary>
        public Span<float> Denoised(int age) => _ring.Denoised(_ring.HistorySlot(age - 1));

        public Span<float> EarlierSample(int age) => _ring.Sample(_ring.HistorySlot(age));

        public void Overwrite(int index, float value) => _ring.Sample(_ring.CurrentSlot)[index] = value;

        public float[] Noise(in HostStep step)
        {
            float[] z = new float[ClassOutput.Length];
            GaussianNoise.Fill(z, _ring.Width, _ring.Height, 3, step.Noise, step.StepNumber);
            return z;
        }

        public HostStep Step() => new()
        {
            Samples = _ring,
            Slot = _slot,
            ClassOutput = ClassOutput,
            Evaluation = new Evaluation(default, 0, -1, 1, float.PositiveInfinity),
            Step = default,
            Noise = new NoiseSource(99),
            StepNumber = 7,
        };

        public void Dispose() => _ring.Dispose();
    }
}
