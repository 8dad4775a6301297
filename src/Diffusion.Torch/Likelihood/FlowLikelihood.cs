using Diffusion.Runtime.Numerics;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>
/// The likelihood of pictures under the probability-flow ODE, exact but for the trace estimate and the ODE solver's
/// tolerance. [Song21SDE, Sec. 4.3 and App. D.2]
/// </summary>
/// <remarks>
/// <para>
/// The flow is integrated in λ = ln(α/σ), in which it is smooth even where a β table has kinks in time: with
/// dx/dt = f·x - ½·g²·score and dλ/dt = -g²/(2·σ²) it reads dx/dλ = (d ln α/dλ - 1)·x + α·D(x), d ln α/dλ = -2·σ²·f/g².
/// </para>
/// <para>
/// The chain has no level without noise. The density is therefore that of α·x_0 at the schedule's cleanest level, times
/// α^d: a proper density of x_0, that of the data with noise σ/α added. The prior is N(0, α² + σ²) at the noisiest
/// level: N(0, I) where the schedule keeps the variance.
/// </para>
/// <para>Borrows the denoiser, whose parameters should be frozen; one thread, that of the denoiser.</para>
/// </remarks>
public sealed class FlowLikelihood
{
    private readonly NoiseSchedule _schedule;
    private readonly TensorDenoiser _denoiser;

    /// <summary>Prepares the likelihood.</summary>
    /// <param name="schedule">The noise levels that the flow passes through.</param>
    /// <param name="denoiser">The clean estimate, differentiable in x almost everywhere, so that it may be
    /// clamped.</param>
    public FlowLikelihood(NoiseSchedule schedule, TensorDenoiser denoiser)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(denoiser);
        _schedule = schedule;
        _denoiser = denoiser;
    }

    /// <summary>
    /// Bits per dimension that turning the density on [-1, 1] into a probability of bytes adds, log2(127.5).
    /// </summary>
    /// <remarks>
    /// x = k/127.5 - 1 with k = byte + u, u uniform in [-½, ½): p(k) = p(x)·dx/dk = p(x)/127.5, so that
    /// -log2 P(byte) ≤ E_u[-log2 p(x)] + log2(127.5) for each value. With the scaling 2·k/256 - 1 it would be 7; it is
    /// 7 + log2(255/256) = 6.9944 here. [Song21SDE, App. D.2]
    /// </remarks>
    public static double OffsetInBits { get; } = Math.Log2(127.5);

    /// <summary>The vector of the trace estimate, drawn once for a picture. Default Rademacher.</summary>
    public TraceProbe Probe { get; init; } = TraceProbe.Rademacher;

    /// <summary>How <see cref="BitsPerDimension"/> makes bytes continuous. Default uniform noise.</summary>
    public Dequantization Dequantization { get; init; } = Dequantization.Uniform;

    /// <summary>The ODE solver's absolute and relative tolerance, above 0. Default 1e-5, that of the paper.</summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>Evaluations of the denoiser that one batch may use.</summary>
    public int MaxEvaluations { get; init; } = 20_000;

    /// <summary>Evaluations of the denoiser, each with its derivative, by the latest call.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Bits per dimension of 8-bit pictures, made continuous as <see cref="Dequantization"/> says.</summary>
    /// <param name="pictures">[N, C, H, W] float32, bytes k as k/127.5 - 1.</param>
    /// <param name="label">[N] int64, or null.</param>
    /// <param name="seed">Of dequantisation and trace estimate.</param>
    /// <param name="progress">Told the share of the way in λ, in [0, 1].</param>
    /// <param name="cancellation">Looked at in every evaluation.</param>
    /// <returns>One number a picture; in expectation an upper bound on -log2 P(picture)/d.</returns>
    /// <exception cref="IntegrationException">The ODE could not be solved within the limits.</exception>
    public double[] BitsPerDimension(
        Tensor pictures,
        Tensor? label,
        ulong seed,
        Action<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        using var scope = NewDisposeScope();
        using Generator generator = new(seed);
        ulong probeSeed = unchecked(seed + 0x9E3779B97F4A7C15);
        if (Dequantization == Dequantization.Diffusion)
        {
            return BitsOfDiffused(pictures, label, generator, probeSeed, progress, cancellation);
        }

        Tensor uniform = rand(pictures.shape, generator: generator).to(pictures.device);
        Tensor continuous = pictures + ((uniform - 0.5) / 127.5);
        double[] nats = LogDensity(continuous, label, probeSeed, progress, cancellation);
        double dimension = (double)pictures.numel() / pictures.shape[0];
        return [.. nats.Select(one => OffsetInBits - (one / (dimension * Math.Log(2))))];
    }

    // With y = x_0 + s·ε, s = σ/α of the cleanest level, and the decoder P(x_0 | y) = N(D(y), s²) in the byte's bin:
    // -ln P(x_0) ≤ E[-ln P(x_0 | y) - ln p(y) + ln q(y | x_0)], and E[ln q] = -d/2·ln(2π·e·s²).
    private double[] BitsOfDiffused(
        Tensor pictures,
        Tensor? label,
        Generator generator,
        ulong probeSeed,
        Action<double>? progress,
        CancellationToken cancellation)
    {
        NoiseLevel level = _schedule.At(_schedule.MinTime);
        Tensor y = pictures + (level.Ratio * randn(pictures.shape, generator: generator).to(pictures.device));
        double[] density = LogDensity(y, label, probeSeed, progress, cancellation);
        using var frozen = no_grad();
        (Tensor clean, _) = _denoiser(level.Alpha * y, level, label);
        Tensor logVariance = full_like(pictures, 2 * Math.Log(level.Ratio));
        Tensor decoded = Gaussians.DiscretizedLogLikelihood(pictures, clean, logVariance);
        double[] decoder = [.. decoded.to(float64).flatten(1).mean([1]).cpu().data<double>()];
        double dimension = (double)pictures.numel() / pictures.shape[0];
        double noise = -0.5 * Math.Log(2 * Math.PI * Math.E * level.Ratio * level.Ratio);
        return [.. density.Zip(decoder, (ln, byByte) => (noise - byByte - (ln / dimension)) / Math.Log(2))];
    }

    /// <summary>ln p(x) of continuous data.</summary>
    /// <param name="x">[N, C, H, W] float32.</param>
    /// <param name="label">[N] int64, or null.</param>
    /// <param name="seed">Of the trace estimate.</param>
    /// <param name="progress">Told the share of the way in λ, in [0, 1].</param>
    /// <param name="cancellation">Looked at in every evaluation.</param>
    /// <returns>Nats, one number a picture.</returns>
    /// <exception cref="IntegrationException">The ODE could not be solved within the limits.</exception>
    public double[] LogDensity(
        Tensor x,
        Tensor? label,
        ulong seed,
        Action<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var scope = NewDisposeScope();
        using Flow flow = new(this, x, label, seed);
        (NoiseLevel first, NoiseLevel last) = (_schedule.At(_schedule.MinTime), _schedule.At(_schedule.MaxTime));
        double[] state = flow.Start(x, first.Alpha);
        RungeKutta45 solver = new(state.Length, Tolerance, Tolerance, MaxEvaluations);
        double range = last.Lambda - first.Lambda;
        solver.Integrate(
            (lambda, y, derivative) =>
            {
                cancellation.ThrowIfCancellationRequested();
                flow.Derive(_schedule.AtLambda(lambda), y, derivative);
                progress?.Invoke((lambda - first.Lambda) / range);
            },
            first.Lambda,
            last.Lambda,
            state);
        Evaluations = solver.Evaluations;
        return flow.Finish(state, first, last);
    }

    /// <summary>The ODE of one batch: all pictures' values, then the running logarithm of each one's volume.</summary>
    private sealed class Flow : IDisposable
    {
        private readonly TensorDenoiser _denoiser;
        private readonly Tensor? _label;
        private readonly Tensor _probe;
        private readonly long[] _shape;
        private readonly int _count;
        private readonly int _dimension;
        private readonly float[] _pixels;
        private readonly Device _device;

        public Flow(FlowLikelihood owner, Tensor x, Tensor? label, ulong seed)
        {
            _denoiser = owner._denoiser;
            _label = label;
            _shape = x.shape;
            _device = x.device;
            _count = (int)_shape[0];
            _dimension = (int)(x.numel() / _count);
            _pixels = new float[_count * _dimension];
            using Generator generator = new(seed);
            using Tensor normal = randn(_shape, generator: generator);
            Tensor probe = owner.Probe is TraceProbe.Gaussian ? normal.clone() : where(normal < 0, -1f, 1f);
            _probe = probe.to(float32).to(_device).DetachFromDisposeScope();
        }

        public double[] Start(Tensor x, double alpha)
        {
            using var scope = NewDisposeScope();
            double[] state = new double[_pixels.Length + _count];
            (alpha * x.to(float64)).cpu().contiguous().data<double>().CopyTo(state.AsSpan(0, _pixels.Length));
            return state;
        }

        public void Derive(NoiseLevel level, ReadOnlySpan<double> state, Span<double> derivative)
        {
            for (int i = 0; i < _pixels.Length; i++)
            {
                _pixels[i] = (float)state[i];
            }

            using var scope = NewDisposeScope();
            using var tracked = enable_grad();
            Tensor x = tensor(_pixels, _shape).to(_device).detach().requires_grad_();
            (Tensor clean, _) = _denoiser(x, level, _label);

            // [Grathwohl19, Sec. 3.1] vᵀ·(∂D/∂x)·v from one vector-Jacobian product. [Hutchinson90, Sec. 2]
            Tensor product = autograd.grad([clean], [x], [_probe])[0];
            Tensor traces = (product * _probe).to(float64).flatten(1).sum(1).cpu();
            Tensor values = clean.detach().to(float64).cpu().contiguous();

            // [Song21SDE, Sec. 4.3 and App. D.2] in λ: dx/dλ = (d ln α/dλ - 1)·x + α·D, d ln p/dλ = -tr of its Jacobian.
            double drift = (-2 * level.Sigma * level.Sigma * level.Drift / level.DiffusionSquared) - 1;
            var denoised = values.data<double>();
            int at = 0;
            foreach (double value in denoised)
            {
                derivative[at] = (drift * state[at]) + (level.Alpha * value);
                at++;
            }

            foreach (double trace in traces.data<double>())
            {
                derivative[at++] = (drift * _dimension) + (level.Alpha * trace);
            }
        }

        public double[] Finish(double[] state, NoiseLevel first, NoiseLevel last)
        {
            double variance = (last.Alpha * last.Alpha) + (last.Sigma * last.Sigma);
            double[] nats = new double[_count];
            for (int n = 0; n < _count; n++)
            {
                ReadOnlySpan<double> x = state.AsSpan(n * _dimension, _dimension);
                double squares = 0;
                foreach (double value in x)
                {
                    squares += value * value;
                }

                // [Song21SDE, App. D.2] ln p_0(x) = ln p_T(x_T) + ∫ tr, here with the factor α^d of the first level.
                double prior = -0.5 * ((squares / variance) + (_dimension * Math.Log(2 * Math.PI * variance)));
                nats[n] = prior + state[(_count * _dimension) + n] + (_dimension * Math.Log(first.Alpha));
            }

            return nats;
        }

        public void Dispose() => _probe.Dispose();
    }
}
