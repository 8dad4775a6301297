using CsCheck;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;

namespace Diffusion.Runtime.Tests.Backends;

public sealed class HostStepKernelTests
{
    // Seven float32 roundings of terms of magnitude up to about 30.
    private const double FloatTolerance = 2e-5;

    [Fact]
    public void Run_AnyCoefficients_MatchesTheFormulaInFloat64() => Gen.Select(
        Gen.Int[1, 40], Gen.Int[1, 6], Gen.Int[1, 3], Gen.Bool, Gen.Double[-2, 2].Array[8]).Sample(
        (width, height, threads, isGuided, c) =>
        {
            Images images = new(width, height, seed: 3);
            HostStep step = images.Step();
            step.Evaluation = new Evaluation(new Preconditioning(c[0], c[1], 1, 0), 0, 1, (float)c[2], 1.5f);
            step.Step.Sample = c[3];
            step.Step.Denoised[0] = c[4];
            step.Step.Denoised[1] = c[5];
            step.Step.Denoised[3] = c[6];
            step.Step.Noise = c[7];
            step.NullOutput = isGuided ? images.NullOutput : default;
            float[] z = new float[images.Next.Length];
            GaussianNoise.Fill(z, width, height, 3, step.Noise, step.StepNumber);

            Assert.True(HostStepKernel.Run(step, threads));

            for (int i = 0; i < z.Length; i++)
            {
                double output = isGuided
                    ? images.NullOutput[i] + (c[2] * (images.ClassOutput[i] - images.NullOutput[i]))
                    : images.ClassOutput[i];
                double d = Math.Clamp((c[0] * images.Sample[i]) + (c[1] * output), -1.5, 1.5);
                double next = (c[3] * images.Sample[i]) + (c[4] * d) + (c[5] * images.Earlier1[i])
                    + (c[6] * images.Earlier3[i]) + (c[7] * z[i]);
                Assert.Equal(d, images.Denoised[i], FloatTolerance);
                Assert.Equal(next, images.Next[i], FloatTolerance);
            }
        },
        iter: 200);

    [Fact]
    public void Run_LastStep_GivesTheCleanEstimateToTheBit()
    {
        Images images = new(13, 5, seed: 1);
        HostStep step = images.Step();
        step.Evaluation = new Evaluation(new Preconditioning(0, 1, 1, 0), 0, -1, 1, float.PositiveInfinity);
        step.Step.Denoised[0] = 1;

        Assert.True(HostStepKernel.Run(step));

        Assert.Equal(images.ClassOutput, images.Next);
    }

    [Fact]
    public void Run_AnyThreads_GivesTheSameBits()
    {
        Images one = new(37, 11, seed: 4);
        Images many = new(37, 11, seed: 4);

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
        Images images = new(13, 3, seed: 1);
        images.Sample[index] = value;
        HostStep step = images.Step();
        step.Step.Sample = 1;

        Assert.False(HostStepKernel.Run(step));
    }

    [Fact]
    public void Run_ShortImage_NamesIt()
    {
        Images images = new(4, 4, seed: 1);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
        {
            HostStep step = images.Step();
            step.ClassOutput = images.ClassOutput.AsSpan(1);
            HostStepKernel.Run(step);
        });

        Assert.Contains("the network's output holds 47 values; 3·H·W is 48", error.Message, StringComparison.Ordinal);
    }

    private sealed class Images
    {
        private readonly int _width;
        private readonly int _height;

        public Images(int width, int height, ulong seed)
        {
            (_width, _height) = (width, height);
            Sample = Draw(1);
            ClassOutput = Draw(2);
            NullOutput = Draw(3);
            Earlier1 = Draw(4);
            Earlier3 = Draw(5);
            Denoised = new float[3 * width * height];
            Next = Enumerable.Repeat(float.NaN, 3 * width * height).ToArray();

            float[] Draw(int step)
            {
                float[] image = new float[3 * width * height];
                GaussianNoise.Fill(image, width, height, 3, new NoiseSource(seed), step);
                return image;
            }
        }

        public float[] Sample { get; }

        public float[] ClassOutput { get; }

        public float[] NullOutput { get; }

        public float[] Earlier1 { get; }

        public float[] Earlier3 { get; }

        public float[] Denoised { get; }

        public float[] Next { get; }

        public HostStep Step() => new()
        {
            Width = _width,
            Height = _height,
            Sample = Sample,
            ClassOutput = ClassOutput,
            Earlier1 = Earlier1,
            Earlier3 = Earlier3,
            Denoised = Denoised,
            Next = Next,
            Evaluation = new Evaluation(default, 0, -1, 1, float.PositiveInfinity),
            Step = default,
            Noise = new NoiseSource(99),
            StepNumber = 7,
        };
    }
}
