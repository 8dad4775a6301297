using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Solvers;

/// <summary>Ancestral sampling: each step draws from the posterior q(x_s | x_t, x_0 = D). [Ho20, Alg. 2]</summary>
/// <remarks>Works between any two levels s &lt; t, not only neighbours of the table. Immutable; any thread.</remarks>
public sealed class DdpmSolver : Solver
{
    private readonly DdpmVariance _variance;
    private readonly CleanVariance? _optimal;
    private readonly bool _keepsLastNoise;

    /// <summary>Makes the solver with a variance that is fixed or that the network predicts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such variance.</exception>
    public DdpmSolver(DdpmVariance variance = DdpmVariance.Small)
    {
        if (!Enum.IsDefined(variance))
        {
            throw new ArgumentOutOfRangeException(nameof(variance), variance, "Unknown variance.");
        }

        _variance = variance;
    }

    /// <summary>Makes the solver with the variance that is best for the data. [Bao22, Thm. 1]</summary>
    /// <param name="optimal">The data's curve.</param>
    /// <param name="keepsLastNoise">
    /// Whether the step onto the clean image adds its noise too, as the distribution wants; images look better without.
    /// </param>
    public DdpmSolver(CleanVariance optimal, bool keepsLastNoise = false)
    {
        ArgumentNullException.ThrowIfNull(optimal);
        _optimal = optimal;
        _keepsLastNoise = keepsLastNoise;
    }

    /// <inheritdoc/>
    public override string Name => _optimal is not null ? "ddpm-optimal" : _variance switch
    {
        DdpmVariance.Large => "ddpm-large",
        DdpmVariance.Learned => "ddpm-learned",
        _ => "ddpm",
    };

    /// <inheritdoc/>
    public override int HistoryLength => 0;

    /// <inheritdoc/>
    public override bool IsStochastic => true;

    /// <inheritdoc/>
    public override bool ReadsVariance => _variance is DdpmVariance.Learned;

    /// <inheritdoc/>
    public override LinearStep Plan(ReadOnlySpan<NoiseLevel> levels, int evaluation)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[evaluation], levels[evaluation + 1]);
        Posterior posterior = Posterior.Between(t, s);
        LinearStep step = default;
        step.Sample = posterior.Sample;
        step.Denoised[0] = posterior.Clean;
        step.Target = s;
        if (_optimal is not null)
        {
            double variance = _optimal.OfStep(posterior.Variance, posterior.Clean, t);
            step.Noise = s.IsClean && !_keepsLastNoise ? 0 : Math.Sqrt(variance);
        }
        else if (_variance is DdpmVariance.Learned && posterior.Variance > 0)
        {
            step.LearnedVariance = true;
            step.LogVarianceLow = Posterior.ClippedLogVariance(levels, evaluation);
            step.LogVarianceHigh = Math.Log(posterior.ForwardVariance);
        }
        else
        {
            bool isLarge = _variance is DdpmVariance.Large && !s.IsClean;
            step.Noise = Math.Sqrt(isLarge ? posterior.ForwardVariance : posterior.Variance);
        }

        return step;
    }
}
