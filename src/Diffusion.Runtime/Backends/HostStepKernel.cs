using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>
/// The one fused pass that ends every step in host memory: guidance, clean estimate, clamp, kept pixels, solver update,
/// noise, finiteness.
/// </summary>
/// <remarks>
/// It goes by rows: a row of every operand stays in the first-level cache, so that each image crosses memory once
/// however many terms the update has, and the noise needs no image of its own. Only dynamic thresholding, given
/// colours and Langevin steps, which need numbers of the whole image before the update, go over it again.
/// Multiplications and additions are not contracted, which keeps vector body and scalar tail equal to the bit. Any
/// thread; allocates nothing on one thread.
/// </remarks>
public static unsafe partial class HostStepKernel
{
    private const int Channels = SampleRing.Channels;

    [Flags]
    private enum Work
    {
        Estimate = 1,
        Noise = 2,
        Update = 4,
        Keep = 8,
    }

    /// <summary>Computes D and x' of a step into the slot that it names.</summary>
    /// <param name="step">Images, coefficients and noise.</param>
    /// <param name="threads">Threads that share the rows, at least 1; the result does not depend on it.</param>
    /// <returns>Whether every value of x' is finite.</returns>
    /// <exception cref="ArgumentException">An image has the wrong length, or is missing.</exception>
    public static bool Run(in HostStep step, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        Validate(step);
        fixed (float* classOutput = step.ClassOutput, nullOutput = step.NullOutput, variance = step.VarianceOutput)
        fixed (float* secondOutput = step.SecondOutput, classMask = step.ClassMask)
        fixed (float* keptImage = step.KeptImage, mask = step.Mask)
        {
            Operands operands = Prepare(step);
            operands.ClassOutput = classOutput;
            operands.SecondOutput = secondOutput;
            operands.ClassMask = classMask;
            operands.NullOutput = nullOutput;
            operands.Variance = variance;
            operands.KeptImage = keptImage;
            operands.Mask = mask;
            bool isThresholded = step.Evaluation.ThresholdRatio > 0;
            bool isLangevin = step.Step.Langevin > 0;
            bool isRecoloured = operands.Step.Colours is not null;
            if (!isThresholded && !isLangevin && !isRecoloured)
            {
                return Sweep(operands, Work.Estimate | Work.Keep | Work.Noise | Work.Update, threads);
            }

            double* rowSums = stackalloc double[2 * operands.Height];
            operands.RowSums = isLangevin ? rowSums : null;
            Sweep(operands, Work.Estimate, threads);
            if (isThresholded)
            {
                // x' is not yet written: its place serves to sort in.
                DynamicThreshold.Apply(
                    step.Samples.Denoised(step.Slot),
                    step.Samples.Sample(step.Slot),
                    step.Evaluation.ThresholdRatio,
                    step.Evaluation.ClampLimit);
            }

            if (isRecoloured)
            {
                ColourMatch.Apply(
                    step.Samples.Denoised(step.Slot), operands.Step.Colours!, operands.Step.SpreadShare,
                    step.Evaluation.ClampLimit);
            }

            Sweep(operands, Work.Keep | Work.Noise, threads);
            if (isLangevin)
            {
                SetLangevin(ref operands, step.Step);
            }

            return Sweep(operands, Work.Update, threads);
        }
    }

    private static Operands Prepare(in HostStep step)
    {
        SampleRing ring = step.Samples;
        Operands operands = new()
        {
            Step = FusedStep.Of(ring, step.Evaluation, step.Step),
            Noise = step.Noise,
            StepNumber = step.StepNumber,
            Width = ring.Width,
            Height = ring.Height,
            Sample = Address(ring.Sample(ring.CurrentSlot)),
            Denoised = Address(ring.Denoised(step.Slot)),
            Next = Address(ring.Sample(step.Slot)),
        };
        for (int i = 0; i < operands.Step.TermCount; i++)
        {
            FusedStep.Term term = operands.Step.Terms[i];
            operands.TermImages[i].Values =
                Address(term.IsDenoised ? ring.Denoised(term.Slot) : ring.Sample(term.Slot));
        }

        return operands;
    }

    private static float* Address(Span<float> nativeImage) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(nativeImage));

    private static void Validate(in HostStep step)
    {
        int length = step.Samples.PlaneLength;
        Check(step.ClassOutput.Length, length, "the network's output");
        CheckOptional(step.SecondOutput.Length, length, "the network's output for the second class");
        CheckOptional(SampleRing.Channels * step.ClassMask.Length, length, "the mask, three times,");
        CheckOptional(step.NullOutput.Length, length, "the network's output for no class");
        if (step.Step.LearnedVariance)
        {
            Check(step.VarianceOutput.Length, length, "the network's variance");
        }

        if (!step.Mask.IsEmpty)
        {
            SessionRules.RequireStartImage(step.Samples, step.KeptImage, step.Mask);
        }
    }

    private static void CheckOptional(int actual, int expected, string image)
    {
        if (actual != 0)
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

    private static bool Sweep(in Operands operands, Work work, int threads) => threads == 1
        ? RunRows(operands, work, 0, operands.Height)
        : RunParallel(operands, work, threads);

    // On its own, since the closure of a lambda is allocated at the entry of its method.
    private static bool RunParallel(Operands operands, Work work, int threads)
    {
        int failures = 0;
        Parallel.For(0, threads, part =>
        {
            int first = (int)((long)operands.Height * part / threads);
            int end = (int)((long)operands.Height * (part + 1) / threads);
            if (!RunRows(operands, work, first, end))
            {
                Interlocked.Increment(ref failures);
            }
        });
        return failures == 0;
    }

    private static bool RunRows(in Operands o, Work work, int firstRow, int endRow)
    {
        long planeStride = (long)o.Width * o.Height;
        bool isFinite = true;
        for (int y = firstRow; y < endRow; y++)
        {
            long row = (long)y * o.Width;
            for (int channel = 0; channel < Channels; channel++)
            {
                long offset = row + (channel * planeStride);
                if ((work & Work.Estimate) != 0)
                {
                    Estimate(o, offset, row);
                }

                if ((work & Work.Keep) != 0 && o.Mask is not null)
                {
                    Keep(o, row, offset);
                }
            }

            if ((work & Work.Noise) != 0 && o.Step.DrawsNoise)
            {
                // z is drawn where x' will stand, which spares a buffer.
                GaussianNoise.FillRow(o.Next + row, planeStride, o.Width, y, Channels, o.Noise, o.StepNumber);
                SumRow(o, row, planeStride, y);
            }

            for (int channel = 0; (work & Work.Update) != 0 && channel < Channels; channel++)
            {
                isFinite &= Update(o, row + (channel * planeStride));
            }
        }

        return isFinite;
    }

    // ‖z‖² and ‖g‖² of a row, kept by row so that the threads' shares do not change the sum.
    private static void SumRow(in Operands o, long row, long planeStride, int y)
    {
        if (o.RowSums is null)
        {
            return;
        }

        (double noise, double score) = (0, 0);
        for (int channel = 0; channel < Channels; channel++)
        {
            long offset = row + (channel * planeStride);
            for (int x = 0; x < o.Width; x++)
            {
                double z = o.Next[offset + x];
                double g = (o.Step.SampleFactor * (double)o.Sample[offset + x])
                    + (o.Step.DenoisedFactor * (double)o.Denoised[offset + x]);
                noise += z * z;
                score += g * g;
            }
        }

        (o.RowSums[2 * y], o.RowSums[(2 * y) + 1]) = (noise, score);
    }

    // [Song21SDE, Alg. 4] ε = 2·(r·‖z‖/‖g‖)²; x' = x + ε·g + √(2ε)·z
    private static void SetLangevin(ref Operands operands, in LinearStep step)
    {
        (double noise, double score) = (0, 0);
        for (int y = 0; y < operands.Height; y++)
        {
            noise += operands.RowSums[2 * y];
            score += operands.RowSums[(2 * y) + 1];
        }

        double epsilon = score > 0 ? step.Langevin * noise / score : 0;
        operands.Step.SampleFactor = (float)(1 + (epsilon * step.Sample));
        operands.Step.DenoisedFactor = (float)(epsilon * step.Denoised[0]);
        operands.Step.NoiseFactor = (float)Math.Sqrt(2 * epsilon);
    }

    private struct Operands
    {
        public FusedStep Step;
        public NoiseSource Noise;
        public int StepNumber;
        public int Width;
        public int Height;
        public float* Sample;
        public float* ClassOutput;
        public float* SecondOutput;
        public float* ClassMask;
        public float* NullOutput;
        public float* Variance;
        public float* KeptImage;
        public float* Mask;
        public float* Denoised;
        public float* Next;
        public TermImageList TermImages;
        public double* RowSums;
    }

    // An inline array's elements cannot be pointers themselves.
    private struct TermImage
    {
        public float* Values;
    }

    [InlineArray(FusedStep.MaxTerms)]
    private struct TermImageList
    {
        private TermImage _first;
    }
}
