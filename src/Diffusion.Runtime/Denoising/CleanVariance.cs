using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Denoising;

/// <summary>
/// How uncertain the clean image is at each noise level, v(λ) = E[tr Cov(x_0 | x_t)]/d, from which the optimal variance
/// of a reverse step follows. [Bao22, Thm. 1]
/// </summary>
/// <remarks>
/// Estimated from data by way of the network, v = (σ²/α²)·(1 - Γ) with Γ the mean square of the predicted ε, or known
/// in closed form. Linear in λ between its points and constant beyond them. Immutable; any thread.
/// </remarks>
public sealed class CleanVariance
{
    private readonly double[] _lambdas;
    private readonly double[] _variances;

    /// <summary>Makes the curve.</summary>
    /// <param name="lambdas">λ = ln(α/σ) of each point, at least one, rising.</param>
    /// <param name="variances">v of each point, at least 0, in the squared units of x_0.</param>
    /// <exception cref="ArgumentException">The lengths differ, the λ do not rise, or a value is not finite or is
    /// negative.</exception>
    public CleanVariance(IEnumerable<double> lambdas, IEnumerable<double> variances)
    {
        _lambdas = [.. lambdas];
        _variances = [.. variances];
        if (_lambdas.Length == 0 || _lambdas.Length != _variances.Length)
        {
            throw new ArgumentException(
                $"A curve needs as many λ as variances, at least one, not {_lambdas.Length} and {_variances.Length}.");
        }

        for (int i = 0; i < _lambdas.Length; i++)
        {
            bool rises = double.IsFinite(_lambdas[i]) && (i == 0 || _lambdas[i] > _lambdas[i - 1]);
            if (!rises || !(_variances[i] >= 0 && double.IsFinite(_variances[i])))
            {
                throw new ArgumentException(
                    $"Point {i} is λ {_lambdas[i]}, variance {_variances[i]}; "
                    + "λ must rise and variances be at least 0.");
            }
        }
    }

    /// <summary>λ of the points, rising.</summary>
    public IReadOnlyList<double> Lambdas => _lambdas;

    /// <summary>v of the points.</summary>
    public IReadOnlyList<double> Variances => _variances;

    /// <summary>The optimal variance of a reverse step: its own and what x_0 varies by, seen in its mean.</summary>
    /// <param name="own">λ_n², the variance that the step has for a known x_0: β̃ for DDPM, σ_η² for DDIM.</param>
    /// <param name="cleanFactor">The factor c of D in the step's mean.</param>
    /// <param name="level">The level that the step leaves from.</param>
    public double OfStep(double own, double cleanFactor, NoiseLevel level) =>
        own + (cleanFactor * cleanFactor * At(level)); // [Bao22, Thm. 1] σ*² = λ_n² + c²·v

    /// <summary>v at a level; 0 at <see cref="NoiseLevel.Clean"/>.</summary>
    public double At(NoiseLevel level)
    {
        double lambda = level.Lambda;
        if (level.IsClean)
        {
            return 0;
        }

        int right = Array.BinarySearch(_lambdas, lambda);
        if (right >= 0)
        {
            return _variances[right];
        }

        right = ~right;
        if (right == 0 || right == _lambdas.Length)
        {
            return _variances[Math.Min(right, _lambdas.Length - 1)];
        }

        double part = (lambda - _lambdas[right - 1]) / (_lambdas[right] - _lambdas[right - 1]);
        return _variances[right - 1] + (part * (_variances[right] - _variances[right - 1]));
    }
}
