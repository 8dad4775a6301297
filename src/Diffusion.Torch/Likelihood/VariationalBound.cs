using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>
/// The variational bound on the negative log-likelihood of 8-bit pictures, L_T + Σ L_(t-1) + L_0, in bits per
/// dimension. [Ho20, Eq. 5]
/// </summary>
/// <remarks>
/// The sum over levels is exact and each term is estimated with one draw of noise a picture, so the mean over pictures
/// is an unbiased estimate of the bound. A subset of the levels by <see cref="BetaSchedule.Respace"/> bounds the
/// likelihood of the shorter chain. Borrows the denoiser; one thread, that of the denoiser.
/// </remarks>
public sealed class VariationalBound
{
    private readonly NoiseLevel[] _levels;
    private readonly TensorDenoiser _denoiser;
    private readonly StepVariance _variance;
    private readonly CleanVariance? _optimal;

    /// <summary>Prepares the bound.</summary>
    /// <param name="schedule">The chain's levels, all of the table's.</param>
    /// <param name="denoiser">The clean estimate, and the variance for <see cref="StepVariance.Learned"/>.</param>
    /// <param name="variance">The variance of a reverse step.</param>
    /// <param name="optimal">The data's curve, which <see cref="StepVariance.Optimal"/> needs.</param>
    /// <exception cref="ArgumentException">The curve is missing.</exception>
    public VariationalBound(
        BetaSchedule schedule, TensorDenoiser denoiser, StepVariance variance, CleanVariance? optimal = null)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(denoiser);
        if (variance is StepVariance.Optimal && optimal is null)
        {
            throw new ArgumentException(
                "The optimal variance needs the data's curve, which this model has no estimate of.", nameof(optimal));
        }

        _levels = new NoiseLevel[schedule.Count + 1];
        for (int i = 0; i < schedule.Count; i++)
        {
            _levels[i] = schedule.At(schedule.Count - 1 - i);
        }

        _levels[^1] = NoiseLevel.Clean;
        _denoiser = denoiser;
        _variance = variance;
        _optimal = optimal;
    }

    /// <summary>Clean estimates are clamped to [-limit, limit], as the data is; infinite for none.</summary>
    public double ClampLimit { get; init; } = double.PositiveInfinity;

    /// <summary>The levels of the terms, noisiest first and <see cref="NoiseLevel.Clean"/> last: T+1 of them.</summary>
    public IReadOnlyList<NoiseLevel> Levels => _levels;

    /// <summary>Computes all terms.</summary>
    /// <param name="pictures">[N, C, H, W] float32, bytes k as k/127.5 - 1; its device is where the
    /// work is done.</param>
    /// <param name="label">[N] int64, or null.</param>
    /// <param name="seed">Of the noise.</param>
    /// <param name="progress">Told the share of the levels done after each, in (0, 1].</param>
    /// <param name="cancellation">Looked at between levels.</param>
    public VariationalTerms Evaluate(
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
        long dimension = pictures.numel() / pictures.shape[0];
        double bits = 1 / (Math.Log(2) * dimension);
        int steps = _levels.Length - 1;
        double[][] terms = [.. Enumerable.Range(0, (int)pictures.shape[0]).Select(_ => new double[steps + 1])];
        Store(terms, steps, bits, Prior(pictures));
        for (int n = 0; n < steps; n++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            Tensor noise = randn(pictures.shape, generator: generator).to(pictures.device);
            Store(terms, steps - 1 - n, bits, Term(n, pictures, noise, label));
            progress?.Invoke((n + 1.0) / steps);
        }

        return new VariationalTerms(terms);
    }

    // [Ho20, Eq. 5] L_T = KL(q(x_T | x_0) ‖ p(x_T)), p(x_T) = N(0, I).
    private Tensor Prior(Tensor x0)
    {
        NoiseLevel last = _levels[0];
        Tensor zero = Scalar(0, x0);
        return PerPicture(Gaussians.KullbackLeibler(
            last.Alpha * x0.to(float64), Scalar(2 * Math.Log(last.Sigma), x0), zero, zero));
    }

    /// <summary>L_(t-1) of the step from level n, or L_0 where it ends at the clean image.</summary>
    private Tensor Term(int n, Tensor x0, Tensor noise, Tensor? label)
    {
        (NoiseLevel t, NoiseLevel s) = (_levels[n], _levels[n + 1]);
        Posterior posterior = Posterior.Between(t, s);
        (Tensor clean, Tensor? said) = _denoiser((t.Alpha * x0) + (t.Sigma * noise), t, label);
        if (double.IsFinite(ClampLimit))
        {
            clean = clean.clamp(-ClampLimit, ClampLimit);
        }

        Tensor logVariance = LogVariance(n, posterior, said).to(x0.device);
        if (s.IsClean)
        {
            return PerPicture(-Gaussians.DiscretizedLogLikelihood(x0, clean, logVariance));
        }

        // [Ho20, Eq. 8] with both variances; only μ̃ - μ = c·(x_0 - D) matters of the means.
        Tensor difference = posterior.Clean * (x0 - clean).to(float64);
        return PerPicture(Gaussians.KullbackLeibler(
            difference, Scalar(Math.Log(posterior.Variance), x0), Scalar(0, x0), logVariance));
    }

    /// <summary>ln σ²_p of a step, a float64 scalar or one value for each of the picture's.</summary>
    private Tensor LogVariance(int n, Posterior posterior, Tensor? said)
    {
        double low = Posterior.ClippedLogVariance(_levels, n);
        bool isLast = _levels[n + 1].IsClean;
        switch (_variance)
        {
            case StepVariance.Large when !isLast:
                return tensor(Math.Log(posterior.ForwardVariance), float64);
            case StepVariance.Optimal:
                double best = _optimal!.OfStep(posterior.Variance, posterior.Clean, _levels[n]);
                return tensor(best > 0 ? Math.Log(best) : low, float64);
            case StepVariance.Learned:
                if (said is null)
                {
                    throw new InvalidOperationException(
                        "The learned variance was asked for, and the network predicts none.");
                }

                // [Nichol21, Eq. 15] ln σ² = v·ln β + (1 - v)·ln β̃, v = (output + 1)/2
                Tensor share = 0.5 * (said.to(float64) + 1);
                return (share * Math.Log(posterior.ForwardVariance)) + ((1 - share) * low);
            default:
                // At the last step β̃ is 0, and a decoder without width would give 8-bit data no likelihood.
                return tensor(low, float64);
        }
    }

    private static Tensor Scalar(double value, Tensor like) => tensor(value, float64).to(like.device);

    private static Tensor PerPicture(Tensor values) => values.flatten(1).sum(1);

    private static void Store(double[][] terms, int index, double factor, Tensor nats)
    {
        using Tensor here = nats.cpu();
        double[] values = here.data<double>().ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            terms[i][index] = factor * values[i];
        }
    }
}
