using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>Estimates the optimal variance of a network's reverse steps from data. [Bao22, Sec. 3.1]</summary>
/// <remarks>
/// Feed batches with <see cref="Add"/>, then take <see cref="Estimate"/>. Borrows the denoiser; one thread.
/// </remarks>
public sealed class OptimalVariance
{
    private readonly NoiseLevel[] _levels;
    private readonly TensorDenoiser _denoiser;
    private readonly double[] _sums;
    private long _values;

    /// <summary>Prepares an estimate.</summary>
    /// <param name="schedule">The schedule that the curve is for.</param>
    /// <param name="times">Its points, at least one, as times of the schedule, rising; between them the curve is
    /// interpolated.</param>
    /// <param name="denoiser">The clean estimate, not clamped.</param>
    public OptimalVariance(NoiseSchedule schedule, IEnumerable<double> times, TensorDenoiser denoiser)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(times);
        ArgumentNullException.ThrowIfNull(denoiser);
        _levels = [.. times.Select(schedule.At)];
        _denoiser = denoiser;
        _sums = new double[_levels.Length];
    }

    /// <summary>v is at most this: data in [-1, 1] varies by no more than ((b - a)/2)² = 1. [Bao22, Thm. 2]</summary>
    public double Largest { get; init; } = 1;

    /// <summary>Takes pictures into the estimate.</summary>
    /// <param name="pictures">[N, C, H, W] float32 in [-1, 1].</param>
    /// <param name="label">[N] int64, or null.</param>
    /// <param name="seed">Of the noise; another for each batch.</param>
    /// <param name="progress">Told the share of the levels done after each, in (0, 1].</param>
    /// <param name="cancellation">Looked at between levels.</param>
    public void Add(
        Tensor pictures,
        Tensor? label,
        ulong seed,
        Action<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using Generator generator = new(seed);
        double[] sums = new double[_levels.Length];
        for (int i = 0; i < _levels.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            NoiseLevel level = _levels[i];
            Tensor epsilon = randn(pictures.shape, generator: generator).to(pictures.device);
            (Tensor clean, _) = _denoiser((level.Alpha * pictures) + (level.Sigma * epsilon), level, label);

            // [Bao22, Sec. 3.1] d·(1 - Γ) = E‖ε‖² - E‖ε̂‖²: with the drawn ‖ε‖² in place of its expectation d the mean is
            // the same, and at the noisy end, where ε̂ is nearly ε, the draws' own spread cancels.
            // ‖ε‖² - ‖ε̂‖² = (ε - ε̂)·(ε + ε̂) with ε - ε̂ = (α/σ)·(D - x_0).
            Tensor difference = (clean - pictures).to(float64) / level.Ratio;
            Tensor sum = (difference * ((2 * epsilon.to(float64)) - difference)).sum();
            sums[i] = sum.cpu().item<double>();
            progress?.Invoke((i + 1.0) / _levels.Length);
        }

        for (int i = 0; i < sums.Length; i++)
        {
            _sums[i] += sums[i];
        }

        _values += pictures.numel();
    }

    /// <summary>Γ of each point, E‖ε̂‖²/d, clean end first. [Bao22, Sec. 3.1]</summary>
    /// <exception cref="InvalidOperationException">No pictures were added.</exception>
    public IReadOnlyList<double> Gammas => _values == 0
        ? throw new InvalidOperationException("No pictures were added.")
        : [.. _sums.Select(sum => 1 - (sum / _values))];

    /// <summary>The curve v = (σ²/α²)·(1 - Γ), clipped to [0, <see cref="Largest"/>]. [Bao22, Sec. 3.1]</summary>
    /// <exception cref="InvalidOperationException">No pictures were added.</exception>
    public CleanVariance Estimate()
    {
        IReadOnlyList<double> gammas = Gammas;

        // λ falls with time, and the curve's λ rise.
        int[] order = [.. Enumerable.Range(0, _levels.Length).Reverse()];
        return new CleanVariance(
            order.Select(i => _levels[i].Lambda),
            order.Select(i => Math.Clamp(_levels[i].Ratio * _levels[i].Ratio * (1 - gammas[i]), 0, Largest)));
    }
}
