using System.Numerics;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Backends;

/// <summary>
/// The one fused pass that ends every step in host memory: guidance, clean estimate, clamp, solver update, noise,
/// finiteness.
/// </summary>
/// <remarks>
/// It goes by rows: a row of every operand stays in the first-level cache, so that each image crosses memory once
/// however many terms the update has, and the noise needs no image of its own. Multiplications and additions are not
/// contracted, which keeps vector body and scalar tail equal to the bit. Any thread; allocates nothing on one thread.
/// </remarks>
public static unsafe class HostStepKernel
{
    private const int Channels = SampleRing.Channels;

    /// <summary>Computes <see cref="HostStep.Denoised"/> and <see cref="HostStep.Next"/>.</summary>
    /// <param name="step">Images, coefficients and noise.</param>
    /// <param name="threads">Threads that share the rows, at least 1; the result does not depend on it.</param>
    /// <returns>Whether every value of x' is finite.</returns>
    /// <exception cref="ArgumentException">An image has the wrong length.</exception>
    public static bool Run(in HostStep step, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        Validate(step);
        fixed (float* sample = step.Sample, classOutput = step.ClassOutput, nullOutput = step.NullOutput)
        fixed (float* earlier1 = step.Earlier1, earlier2 = step.Earlier2, earlier3 = step.Earlier3)
        fixed (float* denoised = step.Denoised, next = step.Next)
        {
            Operands operands = new()
            {
                Width = step.Width,
                Height = step.Height,
                Sample = sample,
                ClassOutput = classOutput,
                NullOutput = nullOutput,
                Earlier1 = earlier1,
                Earlier2 = earlier2,
                Earlier3 = earlier3,
                Denoised = denoised,
                Next = next,
                SkipFactor = (float)step.Evaluation.Preconditioning.CSkip,
                OutputFactor = (float)step.Evaluation.Preconditioning.COut,
                Guidance = step.Evaluation.GuidanceScale,
                Limit = step.Evaluation.ClampLimit,
                SampleFactor = (float)step.Step.Sample,
                DenoisedFactor = (float)step.Step.Denoised[0],
                Earlier1Factor = (float)step.Step.Denoised[1],
                Earlier2Factor = (float)step.Step.Denoised[2],
                Earlier3Factor = (float)step.Step.Denoised[3],
                NoiseFactor = (float)step.Step.Noise,
                Noise = step.Noise,
                StepNumber = step.StepNumber,
            };
            return threads == 1 ? RunRows(operands, 0, step.Height) : RunParallel(operands, threads);
        }
    }

    private static void Validate(in HostStep step)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step.Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step.Height);
        int length = checked(Channels * step.Width * step.Height);
        Check(step.Sample.Length, length, "x");
        Check(step.ClassOutput.Length, length, "the network's output");
        Check(step.Denoised.Length, length, "D");
        Check(step.Next.Length, length, "x'");
        if (!step.NullOutput.IsEmpty)
        {
            Check(step.NullOutput.Length, length, "the network's output for no class");
        }

        CheckEarlier(step.Step.Denoised[1], step.Earlier1.Length, length, "D_1");
        CheckEarlier(step.Step.Denoised[2], step.Earlier2.Length, length, "D_2");
        CheckEarlier(step.Step.Denoised[3], step.Earlier3.Length, length, "D_3");
    }

    private static void CheckEarlier(double factor, int actual, int expected, string image)
    {
        if (factor != 0)
        {
            Check(actual, expected, image);
        }
    }

    private static void Check(int actual, int expected, string image)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"The image of {image} holds {actual} values; 3·H·W is {expected}.");
        }
    }

    private static bool RunParallel(Operands operands, int threads)
    {
        int failures = 0;
        Parallel.For(0, threads, part =>
        {
            int first = (int)((long)operands.Height * part / threads);
            int end = (int)((long)operands.Height * (part + 1) / threads);
            if (!RunRows(operands, first, end))
            {
                Interlocked.Increment(ref failures);
            }
        });
        return failures == 0;
    }

    private static bool RunRows(in Operands o, int firstRow, int endRow)
    {
        long planeStride = (long)o.Width * o.Height;
        bool isFinite = true;
        for (int y = firstRow; y < endRow; y++)
        {
            long row = (long)y * o.Width;
            if (o.NoiseFactor != 0)
            {
                // z is drawn where x' will stand, which spares a buffer.
                GaussianNoise.FillRow(o.Next + row, planeStride, o.Width, y, Channels, o.Noise, o.StepNumber);
            }

            for (int channel = 0; channel < Channels; channel++)
            {
                long offset = row + (channel * planeStride);
                Estimate(o, offset);
                isFinite &= Update(o, offset);
            }
        }

        return isFinite;
    }

    // [HoSalimans22, Eq. 6] F = F_null + w·(F_class - F_null);  [Karras22, Eq. 7] D = clamp(cSkip·x + cOut·F)
    private static void Estimate(in Operands o, long offset)
    {
        float* x = o.Sample + offset;
        float* f = o.ClassOutput + offset;
        float* unconditional = o.NullOutput is null ? f : o.NullOutput + offset;
        float* d = o.Denoised + offset;
        bool isGuided = o.NullOutput is not null;
        Vector<float> limit = new(o.Limit);
        int i = 0;
        for (; i <= o.Width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> output = Vector.Load(f + i);
            if (isGuided)
            {
                Vector<float> none = Vector.Load(unconditional + i);
                output = none + (o.Guidance * (output - none));
            }

            Vector<float> estimate = (o.SkipFactor * Vector.Load(x + i)) + (o.OutputFactor * output);
            Vector.Store(Vector.Min(Vector.Max(estimate, -limit), limit), d + i);
        }

        for (; i < o.Width; i++)
        {
            float output = isGuided ? unconditional[i] + (o.Guidance * (f[i] - unconditional[i])) : f[i];
            float estimate = (o.SkipFactor * x[i]) + (o.OutputFactor * output);
            d[i] = MathF.Min(MathF.Max(estimate, -o.Limit), o.Limit);
        }
    }

    // x' = a·x + Σ c_k·D_k + s·z
    private static bool Update(in Operands o, long offset)
    {
        float* next = o.Next + offset;
        if (o.NoiseFactor == 0)
        {
            new Span<float>(next, o.Width).Clear();
        }

        Combine(next, o.NoiseFactor, o.Sample + offset, o.SampleFactor, o.Denoised + offset, o.DenoisedFactor, o.Width);
        AddScaled(next, o.Earlier1, offset, o.Earlier1Factor, o.Width);
        AddScaled(next, o.Earlier2, offset, o.Earlier2Factor, o.Width);
        AddScaled(next, o.Earlier3, offset, o.Earlier3Factor, o.Width);
        return IsFinite(next, o.Width);
    }

    private static void Combine(float* next, float s, float* x, float a, float* d, float c, int width)
    {
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> sum = (a * Vector.Load(x + i)) + (c * Vector.Load(d + i)) + (s * Vector.Load(next + i));
            Vector.Store(sum, next + i);
        }

        for (; i < width; i++)
        {
            next[i] = (a * x[i]) + (c * d[i]) + (s * next[i]);
        }
    }

    private static void AddScaled(float* next, float* image, long offset, float factor, int width)
    {
        if (factor == 0)
        {
            return;
        }

        float* term = image + offset;
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Store(Vector.Load(next + i) + (factor * Vector.Load(term + i)), next + i);
        }

        for (; i < width; i++)
        {
            next[i] += factor * term[i];
        }
    }

    // v - v is 0 for finite values and NaN for the others: one subtraction and one addition a vector.
    private static bool IsFinite(float* values, int width)
    {
        Vector<float> sum = Vector<float>.Zero;
        int i = 0;
        for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.Load(values + i);
            sum += value - value;
        }

        float rest = Vector.Sum(sum);
        for (; i < width; i++)
        {
            rest += values[i] - values[i];
        }

        return rest == 0;
    }

    private struct Operands
    {
        public int Width;
        public int Height;
        public float* Sample;
        public float* ClassOutput;
        public float* NullOutput;
        public float* Earlier1;
        public float* Earlier2;
        public float* Earlier3;
        public float* Denoised;
        public float* Next;
        public float SkipFactor;
        public float OutputFactor;
        public float Guidance;
        public float Limit;
        public float SampleFactor;
        public float DenoisedFactor;
        public float Earlier1Factor;
        public float Earlier2Factor;
        public float Earlier3Factor;
        public float NoiseFactor;
        public NoiseSource Noise;
        public int StepNumber;
    }
}
