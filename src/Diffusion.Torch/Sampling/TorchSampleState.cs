using System.Runtime.InteropServices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Sampling;

/// <summary>On CUDA: x_t and the clean estimates are tensors there, and the step is tensor arithmetic.</summary>
/// <remarks>
/// What crosses to the device is a start's image and, of solvers that draw noise, each step's: the words of the noise
/// function are computed on the host, as everywhere. Given colours send the estimate to the host and back. A step ends
/// by waiting for one number, whether all values are finite; only then it is published. By rounding apart from <see
/// cref="HostSampleState"/>.
/// </remarks>
internal sealed class TorchSampleState : ISampleState
{
    private readonly SessionOptions _options;
    private readonly Device _device;
    private readonly TorchSamples _samples;
    private readonly Tensor _input;
    private readonly Tensor _host;
    private readonly Tensor? _classMask;
    private Tensor? _keptImage;
    private Tensor? _mask;
    private bool _hasClassMask;

    /// <param name="options">Shape and history.</param>
    /// <param name="device">Where the network is.</param>
    /// <param name="usesDriver">As <see cref="TorchSamples"/> takes it.</param>
    public TorchSampleState(SessionOptions options, Device device, bool usesDriver)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
            options.HistoryLength, LinearStep.MaxDenoised, nameof(options));
        (_options, _device) = (options, device);
        TorchSamples? samples = null;
        Samples = new SampleRing(
            options.Width, options.Height, options.HistoryLength,
            (slots, size) => samples = new TorchSamples(
                slots, size, options.Width, options.Height, device, usesDriver));
        _samples = samples!;
        _host = zeros(1, SampleRing.Channels, options.Height, options.Width).DetachFromDisposeScope();
        _input = zeros([options.Batch, SampleRing.Channels, options.Height, options.Width], device: device)
            .DetachFromDisposeScope();
        _classMask = options.Mixed
            ? zeros([1, 1, options.Height, options.Width], device: device).DetachFromDisposeScope()
            : null;
    }

    public SampleRing Samples { get; }

    // [Ho20, Eq. 4] x_t = α·x_0 + σ·ε
    public void Start(
        NoiseLevel level, NoiseSource noise, ReadOnlyMemory<float> image, ReadOnlyMemory<float> mask, bool isNoised)
    {
        int slot = SessionRules.TakeStartSlot(Samples, image.Span, mask.Span);
        Span<float> sample = DrawNoise(noise, step: 0);
        (float alpha, float sigma) = ((float)level.Alpha, isNoised ? (float)level.Sigma : 0);
        float[] clean = new float[sample.Length];
        image.Span.CopyTo(clean);
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = (alpha * clean[i]) + (sigma * sample[i]);
        }

        _samples.Write(slot, isDenoised: false, sample);
        _samples.Write(slot, isDenoised: true, clean);
        Keep(image.Span, mask.Span);
        Samples.Publish(0, level);
        Samples.ForgetHistory();
    }

    public void SetClassMask(ReadOnlySpan<float> mask)
    {
        SessionRules.RequireClassMask(mask, _options);
        _hasClassMask = !mask.IsEmpty;
        if (_hasClassMask)
        {
            using DisposeScope scope = NewDisposeScope();
            _classMask!.copy_(ToDevice(mask, 1));
        }
    }

    public Tensor Input(float scale)
    {
        using DisposeScope scope = NewDisposeScope();
        _input.copy_(Current() * scale);
        return _input;
    }

    public bool CompleteStep(
        in Evaluation evaluation, Tensor output, in LinearStep step, NoiseSource noise, int stepNumber)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = inference_mode();
        Tensor x = Current();
        FusedStep fused = FusedStep.Of(Samples, evaluation, step);
        if (!Samples.TryBeginWrite(out int slot))
        {
            return false;
        }

        Tensor denoised = Denoise(fused, evaluation, output, x);
        Tensor next = Update(fused, step, output, x, denoised, noise, stepNumber);
        _samples.Image(slot, isDenoised: false).copy_(next);
        _samples.Image(slot, isDenoised: true).copy_(denoised);

        // Before the wait, so that what is published stands in the mirrors too.
        _samples.Handed(slot);
        if (!isfinite(next).all().item<bool>())
        {
            throw new NonFiniteSampleException(stepNumber);
        }

        Samples.Publish(stepNumber, step.Target);
        return true;
    }

    public void Dispose()
    {
        _keptImage?.Dispose();
        _mask?.Dispose();
        _classMask?.Dispose();
        _input.Dispose();
        _host.Dispose();
        Samples.Dispose();
        _samples.Dispose();
    }

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    private static Tensor Picture(Tensor output, int member, int first = 0) =>
        output.narrow(0, member, 1).narrow(1, first, SampleRing.Channels);

    // [HoSalimans22, Eq. 6] F = F_null + w·(F_class - F_null);  [Karras22, Eq. 7] D = clamp(cSkip·x + cOut·F)
    private Tensor Denoise(in FusedStep fused, in Evaluation evaluation, Tensor output, Tensor x)
    {
        Tensor f = Picture(output, 0);
        if (_options.Mixed)
        {
            // [BarTal23] F = (1-m)·F_1 + m·F_2
            Tensor second = Picture(output, 1);
            f = _hasClassMask
                ? ((1 - _classMask!) * f) + (_classMask! * second)
                : (f * (1 - fused.SecondWeight)) + (second * fused.SecondWeight);
        }

        if (evaluation.IsGuided)
        {
            Tensor none = Picture(output, _options.Batch - 1);
            f = none + ((f - none) * fused.Guidance);
        }

        Tensor denoised = (x * fused.SkipFactor) + (f * fused.OutputFactor);
        if (float.IsFinite(fused.ClampLimit))
        {
            denoised = denoised.clamp(-fused.ClampLimit, fused.ClampLimit);
        }

        if (fused.ThresholdRatio > 0)
        {
            denoised = Threshold(denoised, fused.ThresholdRatio, fused.ThresholdLimit);
        }

        if (fused.Colours is { } colours)
        {
            using Tensor copy = denoised.cpu().contiguous();
            ColourMatch.Apply(Values(copy), colours, fused.SpreadShare, evaluation.ClampLimit);
            denoised = copy.to(_device, copy: true);
        }

        // [Lugmayr22, Eq. 8] D = m·D + (1-m)·image
        return _mask is null ? denoised : (_mask * denoised) + ((1 - _mask) * _keptImage!);
    }

    // [Saharia22, Sec. 2.3]
    private static Tensor Threshold(Tensor denoised, float ratio, float limit)
    {
        Tensor sizes = denoised.abs().flatten();
        long rank = Math.Min((long)(ratio * sizes.numel()), sizes.numel() - 1);
        Tensor threshold = sizes.sort(0).Values[rank].clamp(min: limit);
        return minimum(maximum(denoised, -threshold), threshold) * (limit / threshold);
    }

    // x' = a·x + c·D + s·z + Σ f_i·image_i
    private Tensor Update(
        in FusedStep fused, in LinearStep step, Tensor output, Tensor x, Tensor denoised, NoiseSource noise,
        int stepNumber)
    {
        (double a, double c, double s) = (fused.SampleFactor, fused.DenoisedFactor, fused.NoiseFactor);
        Tensor? z = null;
        if (fused.DrawsNoise)
        {
            DrawNoise(noise, stepNumber);
            z = _host.to(_device, copy: true);
        }

        if (fused.IsVarianceLearned)
        {
            // [Nichol21, Eq. 15] Σ = exp(v·ln β + (1 - v)·ln β̃), with v = (output + 1)/2
            Tensor share = (Picture(output, 0, SampleRing.Channels) + 1) * 0.5f;
            z = z! * (((share * fused.LogVarianceHigh) + ((1 - share) * fused.LogVarianceLow)) * 0.5f).exp();
        }

        if (fused.Langevin > 0)
        {
            // [Song21SDE, Alg. 4] ε = 2·(r·‖z‖/‖g‖)²; x' = x + ε·g + √(2ε)·z
            double score = Power((x * fused.SampleFactor) + (denoised * fused.DenoisedFactor));
            double epsilon = score > 0 ? fused.Langevin * Power(z!) / score : 0;
            (a, c, s) = ((float)(1 + (epsilon * step.Sample)), (float)(epsilon * step.Denoised[0]),
                (float)Math.Sqrt(2 * epsilon));
        }

        Tensor next = (x * a) + (denoised * c);
        next = z is null ? next : next + (z * s);
        for (int i = 0; i < fused.TermCount; i++)
        {
            FusedStep.Term term = fused.Terms[i];
            next += _samples.Image(term.Slot, term.IsDenoised) * term.Factor;
        }

        return next;
    }

    private static double Power(Tensor image) => image.to(ScalarType.Float64).square().sum().item<double>();

    private Tensor Current() => Samples.CurrentSlot >= 0
        ? _samples.Image(Samples.CurrentSlot, isDenoised: false)
        : throw new InvalidOperationException("The chain was not started.");

    private Span<float> DrawNoise(NoiseSource noise, int step)
    {
        Span<float> values = Values(_host);
        GaussianNoise.Fill(
            values, Samples.Width, Samples.Height, SampleRing.Channels, noise, step, _options.NoiseThreads);
        return values;
    }

    private void Keep(ReadOnlySpan<float> image, ReadOnlySpan<float> mask)
    {
        _keptImage?.Dispose();
        _mask?.Dispose();
        (_keptImage, _mask) = (null, null);
        if (!mask.IsEmpty)
        {
            _keptImage = ToDevice(image, SampleRing.Channels).DetachFromDisposeScope();
            _mask = ToDevice(mask, 1).DetachFromDisposeScope();
        }
    }

    private Tensor ToDevice(ReadOnlySpan<float> image, int channels)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor host = zeros(1, channels, _options.Height, _options.Width);
        image.CopyTo(Values(host));
        return host.to(_device, copy: true).MoveToOuterDisposeScope();
    }
}
