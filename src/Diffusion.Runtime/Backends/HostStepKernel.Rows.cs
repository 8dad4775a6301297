using System.Numerics;
using System.Runtime.CompilerServices;

namespace Diffusion.Runtime.Backends;

/// <content>The arithmetic on one row of one channel, optimised at once: first frames count too.</content>
public static unsafe partial class HostStepKernel
{
    // [HoSalimans22, Eq. 6] F = F_null + w·(F_class - F_null);  [Karras22, Eq. 7] D = clamp(cSkip·x + cOut·F)
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Estimate(in Operands o, long offset, long row)
    {
        ref readonly FusedStep step = ref o.Step;
        float* x = o.Sample + offset;
        float* f = o.ClassOutput + offset;
        float* unconditional = o.NullOutput is null ? f : o.NullOutput + offset;
        float* d = o.Denoised + offset;
        if (o.SecondOutput is not null)
        {
            // Where D will stand, which spares a buffer.
            MixClasses(d, f, o.SecondOutput + offset, o.ClassMask is null ? null : o.ClassMask + row, o);
            f = d;
        }

        bool isGuided = o.NullOutput is not null;
        Vector<float> limit = new(step.ClampLimit);
        int i = 0;
        for (; i <= o.Width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> output = Vector.Load(f + i);
            if (isGuided)
            {
                Vector<float> none = Vector.Load(unconditional + i);
                output = none + (step.Guidance * (output - none));
            }

            Vector<float> estimate = (step.SkipFactor * Vector.Load(x + i)) + (step.OutputFactor * output);
            Vector.Store(Vector.Min(Vector.Max(estimate, -limit), limit), d + i);
        }

        for (; i < o.Width; i++)
        {
            float output = isGuided ? unconditional[i] + (step.Guidance * (f[i] - unconditional[i])) : f[i];
            float estimate = (step.SkipFactor * x[i]) + (step.OutputFactor * output);
            d[i] = MathF.Min(MathF.Max(estimate, -step.ClampLimit), step.ClampLimit);
        }
    }

    // [BarTal23] F = (1-m)·F_1 + m·F_2, which is either to the bit at its end
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixClasses(float* mixed, float* first, float* second, float* mask, in Operands o)
    {
        int i = 0;
        for (; i <= o.Width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> m = mask is null ? new(o.Step.SecondWeight) : Vector.Load(mask + i);
            Vector<float> rest = Vector<float>.One - m;
            Vector.Store((rest * Vector.Load(first + i)) + (m * Vector.Load(second + i)), mixed + i);
        }

        for (; i < o.Width; i++)
        {
            float m = mask is null ? o.Step.SecondWeight : mask[i];
            mixed[i] = ((1 - m) * first[i]) + (m * second[i]);
        }
    }

    // [Lugmayr22, Eq. 8] on the estimate in place of x_t: D = m·D + (1-m)·image, which is either to the bit at its end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(in Operands o, long pixel, long offset)
    {
        float* mask = o.Mask + pixel;
        float* image = o.KeptImage + offset;
        float* d = o.Denoised + offset;
        int i = 0;
        for (; i <= o.Width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> m = Vector.Load(mask + i);
            Vector<float> kept = (m * Vector.Load(d + i)) + ((Vector<float>.One - m) * Vector.Load(image + i));
            Vector.Store(kept, d + i);
        }

        for (; i < o.Width; i++)
        {
            d[i] = (mask[i] * d[i]) + ((1 - mask[i]) * image[i]);
        }
    }

    // x' = a·x + Σ a_k·x_k + Σ c_k·D_k + s·z
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Update(in Operands o, long offset)
    {
        ref readonly FusedStep step = ref o.Step;
        float* next = o.Next + offset;
        if (!step.DrawsNoise)
        {
            new Span<float>(next, o.Width).Clear();
        }
        else if (step.IsVarianceLearned)
        {
            ScaleByVariance(next, o.Variance + offset, step.LogVarianceLow, step.LogVarianceHigh, o.Width);
        }

        float* sample = o.Sample + offset;
        float* denoised = o.Denoised + offset;
        Combine(next, step.NoiseFactor, sample, step.SampleFactor, denoised, step.DenoisedFactor, o.Width);
        for (int term = 0; term < step.TermCount; term++)
        {
            AddScaled(next, o.TermImages[term].Values + offset, step.Terms[term].Factor, o.Width);
        }

        return IsFinite(next, o.Width);
    }

    // [Nichol21, Eq. 15] Σ = exp(v·ln β + (1 - v)·ln β̃), with v = (output + 1)/2 as their code and diffusers have it
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleByVariance(float* z, float* variance, float low, float high, int width)
    {
        for (int i = 0; i < width; i++)
        {
            float share = 0.5f * (variance[i] + 1);
            z[i] *= MathF.Exp(0.5f * ((share * high) + ((1 - share) * low)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddScaled(float* next, float* term, float factor, int width)
    {
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
}
