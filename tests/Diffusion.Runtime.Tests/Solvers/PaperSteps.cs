using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>
/// The steps of the stochastic solvers as their papers have them, most of them in the score, for data N(m, s²): an
/// oracle that shares no formula with the solvers.
/// </summary>
/// <param name="Mean">m.</param>
/// <param name="Variance">s².</param>
internal readonly record struct PaperSteps(double Mean, double Variance)
{
    /// <summary>x' = <see cref="X"/>·x + Σ_k D_k·x_0 of k steps ago + <see cref="Offset"/> + <see cref="Noise"/>·z.</summary>
    public readonly record struct Step(double X, double D0, double D1, double D2, double Offset, double Noise);

    /// <summary>D of Tweedie's formula, (x + σ²·score)/α, as slope and offset.</summary>
    public (double Slope, double Offset) Denoiser(NoiseLevel t)
    {
        (double slope, double offset) = Score(t);
        double variance = t.Sigma * t.Sigma;
        return ((1 + (variance * slope)) / t.Alpha, variance * offset / t.Alpha);
    }

    /// <summary>∇ log q(x_t) = -(x - α·m)/(α²s² + σ²), as slope and offset.</summary>
    public (double Slope, double Offset) Score(NoiseLevel t)
    {
        double marginal = (t.Alpha * t.Alpha * Variance) + (t.Sigma * t.Sigma);
        return (-1 / marginal, t.Alpha * Mean / marginal);
    }

    /// <summary>The step of the solver of that name at evaluation <paramref name="n"/>.</summary>
    /// <param name="name">A stochastic solver of one evaluation a step.</param>
    /// <param name="levels">The grid.</param>
    /// <param name="n">The step.</param>
    /// <param name="rates">β(t) of VP's SDE or g²(t) of VE's.</param>
    public Step Of(string name, NoiseLevel[] levels, int n, Func<double, double> rates)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[n], levels[n + 1]);
        if (s.IsClean)
        {
            return new(0, 1, 0, 0, 0, 0);
        }

        // q(x_t | x_s) = N(scale·x_s, beta): √(1-β) and β of a table.
        double scale = t.Alpha / s.Alpha;
        double beta = (t.Sigma * t.Sigma) - (scale * scale * s.Sigma * s.Sigma);
        double betaTilde = beta * s.Sigma * s.Sigma / (t.Sigma * t.Sigma);
        return name switch
        {
            // [Ho20, Alg. 2] and [Song21SDE, Eq. 47]: x' = (x + β·score)/√(1-β) + √β̃·z
            "ddpm" or "euler-ancestral" or "dpmpp-1-sde" => InScore(t, 1 / scale, beta / scale, betaTilde),
            "ddpm-large" => InScore(t, 1 / scale, beta / scale, beta),

            // [Song21SDE, App. E] x' = (2 - √(1-β))·x + β·score + √β·z
            "reverse-diffusion" => InScore(t, 2 - scale, beta, beta),

            // [Song21SDE, Eq. 6] VP: x' = x + (½·β·x + β·score)·Δt + √(β·Δt)·z; VE: without the first term
            "euler-maruyama" => InScore(
                t,
                1 + (t.Alpha == 1 ? 0 : 0.5 * rates(t.Time) * (t.Time - s.Time)),
                rates(t.Time) * (t.Time - s.Time),
                rates(t.Time) * (t.Time - s.Time)),

            // [Song23, Alg. 1]
            "consistency" => new(0, s.Alpha, 0, 0, 0, s.Sigma),
            "dpmpp-2m-sde" => Multistep(levels, n, 2, betaTilde),
            "dpmpp-3m-sde" => Multistep(levels, n, 3, betaTilde),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No step by hand."),
        };
    }

    private Step InScore(NoiseLevel t, double x, double score, double variance)
    {
        (double slope, double offset) = Score(t);
        return new(x + (score * slope), 0, 0, 0, score * offset, Math.Sqrt(variance));
    }

    // x' = (σ_s/σ_t)·e^(-h)·x + 2·α_s·∫ e^(-2(λ_s - λ))·P(λ)dλ + noise, where P goes through the estimates: by
    // Simpson's rule, order 2 with the constant D_0 + (D_0 - D_1)/(2r) of [Lu22pp, Alg. 2] for P.
    private static Step Multistep(NoiseLevel[] levels, int n, int order, double variance)
    {
        (NoiseLevel t, NoiseLevel s) = (levels[n], levels[n + 1]);
        double h = s.Lambda - t.Lambda;
        double[] nodes = [.. Enumerable.Range(0, 3).Select(k => n < k ? double.NaN : levels[n - k].Lambda - t.Lambda)];
        double[] weights = new double[3];
        const int Panels = 4000;
        for (int i = 0; i <= Panels; i++)
        {
            double u = h * i / Panels;
            double simpson = (i is 0 or Panels ? 1 : i % 2 == 1 ? 4 : 2) * h / (3 * Panels);
            double kernel = simpson * 2 * s.Alpha * Math.Exp(-2 * (h - u));
            switch (Math.Min(order, n + 1))
            {
                case 1:
                    weights[0] += kernel;
                    break;
                case 2:
                    double half = 0.5 * h / -nodes[1];
                    weights[0] += kernel * (1 + half);
                    weights[1] -= kernel * half;
                    break;
                default:
                    weights[0] += kernel * (u - nodes[1]) * (u - nodes[2]) / (nodes[1] * nodes[2]);
                    weights[1] += kernel * u * (u - nodes[2]) / (nodes[1] * (nodes[1] - nodes[2]));
                    weights[2] += kernel * u * (u - nodes[1]) / (nodes[2] * (nodes[2] - nodes[1]));
                    break;
            }
        }

        double decay = s.Sigma * s.Sigma * t.Alpha / (t.Sigma * t.Sigma * s.Alpha);
        return new(decay, weights[0], weights[1], weights[2], 0, Math.Sqrt(variance));
    }
}
