using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>A chain's x_t and clean estimates in host memory: all of a session but the network.</summary>
/// <remarks>
/// A host backend's <see cref="IDenoiserSession"/> owns one, forwards <see cref="Start"/>, and only has to turn what
/// <see cref="WriteInput"/> gives it into F for <see cref="CompleteBatch"/>. Owns the ring; one thread at a time;
/// allocates nothing after construction with one noise thread.
/// </remarks>
public sealed class HostSampleState : IDisposable
{
    private readonly SessionOptions _options;
    private readonly float[] _classMask;
    private readonly int _threads;
    private bool _hasClassMask;
    private KeptPixels _kept;

    /// <summary>Allocates the ring.</summary>
    /// <param name="options">Shape, history and noise threads.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of the options breaks its rule.</exception>
    public HostSampleState(SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.NoiseThreads, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
            options.HistoryLength, LinearStep.MaxDenoised, nameof(options));
        _options = options;
        _threads = options.NoiseThreads;
        _classMask = options.Mixed ? new float[options.Width * options.Height] : [];
        Samples = new SampleRing(options.Width, options.Height, options.HistoryLength);
    }

    /// <summary>Where every finished step is published.</summary>
    public SampleRing Samples { get; }

    /// <summary>x_t, planar [3, H, W] float32; valid until the next step completes.</summary>
    /// <exception cref="InvalidOperationException">The chain was not started.</exception>
    public Span<float> CurrentSample => Samples.Sample(StartedSlot());

    /// <summary>Draws x = σ·z, or α·image + σ·z, publishes it as step 0 and forgets earlier estimates.</summary>
    /// <param name="level">Where the chain starts.</param>
    /// <param name="noise">The noise function; its step 0 is used.</param>
    /// <param name="image">Empty, or planar [3, H, W] float32 in [-1, 1]. It is also shown as the first clean estimate;
    /// without it that is 0.</param>
    /// <param name="mask">Empty, or [H, W] float32 in [0, 1], with an image: 0 where its pixels are kept. Both are
    /// borrowed until the next start.</param>
    /// <param name="isNoised">Whether σ·z is added; an inversion starts from α·image alone.</param>
    /// <exception cref="ArgumentException">The image or the mask has the wrong length.</exception>
    /// <exception cref="InvalidOperationException">Readers hold more leases than
    /// <see cref="SampleRing.ReaderSlots"/>.</exception>
    public void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlyMemory<float> image = default,
        ReadOnlyMemory<float> mask = default,
        bool isNoised = true)
    {
        int slot = SessionRules.TakeStartSlot(Samples, image.Span, mask.Span);
        Span<float> sample = Samples.Sample(slot);
        Span<float> denoised = Samples.Denoised(slot);
        GaussianNoise.Fill(sample, Samples.Width, Samples.Height, SampleRing.Channels, noise, step: 0, _threads);
        (float alpha, float sigma) = ((float)level.Alpha, isNoised ? (float)level.Sigma : 0);
        if (image.IsEmpty)
        {
            denoised.Clear();
        }
        else
        {
            image.Span.CopyTo(denoised);
        }

        _kept = mask.IsEmpty ? default : new KeptPixels(image, mask);

        // [Ho20, Eq. 4] x_t = α·x_0 + σ·ε
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = (alpha * denoised[i]) + (sigma * sample[i]);
        }

        Samples.Publish(0, level);
        Samples.ForgetHistory();
    }

    /// <summary>As <see cref="IDenoiserSession.SetClassMask"/>.</summary>
    /// <param name="mask">[H, W] in [0, 1], or empty for none; copied.</param>
    /// <exception cref="ArgumentException">The mask has the wrong length, or there is no second class.</exception>
    public void SetClassMask(ReadOnlySpan<float> mask)
    {
        SessionRules.RequireClassMask(mask, _options);
        mask.CopyTo(_classMask);
        _hasClassMask = !mask.IsEmpty;
    }

    /// <summary>Writes what the network is given: cIn·x, once for each of a batch. [Karras22, Eq. 7]</summary>
    /// <param name="scale">cIn.</param>
    /// <param name="input">[N, 3, H, W], N at least 1.</param>
    /// <exception cref="InvalidOperationException">The chain was not started.</exception>
    public void WriteInput(float scale, Span<float> input)
    {
        ReadOnlySpan<float> sample = CurrentSample;
        for (int i = 0; i < sample.Length; i++)
        {
            input[i] = scale * sample[i];
        }

        for (int i = sample.Length; i < input.Length; i += sample.Length)
        {
            input[..sample.Length].CopyTo(input[i..]);
        }
    }

    /// <summary>As <see cref="CompleteStep"/>, from the network's output of the evaluation's batch.</summary>
    /// <param name="evaluation">Preconditioning, guidance and clamp.</param>
    /// <param name="output">[<see cref="SessionOptions.BatchOf"/>, C, H, W] float32; where C is 6, the mean comes
    /// first, then the learned variance.</param>
    /// <param name="step">The solver's coefficients.</param>
    /// <param name="noise">The noise function of the chain.</param>
    /// <param name="stepNumber">Steps finished when this one is, from 1.</param>
    /// <returns>False when readers hold every free slot: nothing changed, call again later.</returns>
    /// <exception cref="NonFiniteSampleException">x' has a NaN or an infinity; nothing was published.</exception>
    public bool CompleteBatch(
        in Evaluation evaluation, ReadOnlySpan<float> output, in LinearStep step, NoiseSource noise, int stepNumber)
    {
        int length = Samples.PlaneLength;
        int batch = _options.BatchOf(evaluation.IsGuided);
        int each = output.Length / batch;
        return CompleteStep(
            evaluation,
            output[..length],
            evaluation.IsGuided ? output.Slice((batch - 1) * each, length) : default,
            step,
            noise,
            stepNumber,
            step.LearnedVariance ? output.Slice(length, length) : default,
            _options.Mixed ? output.Slice(each, length) : default);
    }

    /// <summary>Turns F into D, takes the solver's step and publishes x' and D.</summary>
    /// <param name="evaluation">Preconditioning, guidance and clamp.</param>
    /// <param name="classOutput">F for the class, planar [3, H, W] float32.</param>
    /// <param name="nullOutput">F for no class, or empty without guidance.</param>
    /// <param name="step">The solver's coefficients.</param>
    /// <param name="noise">The noise function of the chain.</param>
    /// <param name="stepNumber">Steps finished when this one is, from 1.</param>
    /// <param name="varianceOutput">The network's variance, planar [3, H, W] float32 in [-1, 1], or empty.</param>
    /// <param name="secondOutput">F for the second class, planar [3, H, W] float32, or empty without one.</param>
    /// <returns>False when readers hold every free slot: nothing changed, call again later.</returns>
    /// <exception cref="NonFiniteSampleException">x' has a NaN or an infinity; nothing was published.</exception>
    public bool CompleteStep(
        in Evaluation evaluation,
        ReadOnlySpan<float> classOutput,
        ReadOnlySpan<float> nullOutput,
        in LinearStep step,
        NoiseSource noise,
        int stepNumber,
        ReadOnlySpan<float> varianceOutput = default,
        ReadOnlySpan<float> secondOutput = default)
    {
        StartedSlot();
        if (!Samples.TryBeginWrite(out int slot))
        {
            return false;
        }

        HostStep fused = new()
        {
            Samples = Samples,
            Slot = slot,
            ClassOutput = classOutput,
            SecondOutput = secondOutput,
            ClassMask = _hasClassMask ? _classMask : default,
            NullOutput = nullOutput,
            VarianceOutput = varianceOutput,
            Evaluation = evaluation,
            Step = step,
            Noise = noise,
            StepNumber = stepNumber,
            KeptImage = _kept.Image.Span,
            Mask = _kept.Mask.Span,
        };
        if (!HostStepKernel.Run(fused, _threads))
        {
            throw new NonFiniteSampleException(stepNumber);
        }

        Samples.Publish(stepNumber, step.Target);
        return true;
    }

    /// <summary>Frees the ring's memory.</summary>
    public void Dispose() => Samples.Dispose();

    private readonly record struct KeptPixels(ReadOnlyMemory<float> Image, ReadOnlyMemory<float> Mask);

    private int StartedSlot() => Samples.CurrentSlot >= 0
        ? Samples.CurrentSlot
        : throw new InvalidOperationException("The chain was not started.");
}
