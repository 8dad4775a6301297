namespace Diffusion.Runtime.Schedules;

/// <summary>The schedules that have a name.</summary>
/// <remarks>Pure; any thread.</remarks>
public static class NoiseSchedules
{
    private const double MaxBeta = 0.999;
    private const double CosineOffset = 0.008;

    private static readonly string[] _names =
        ["linear", "cosine", "scaled-linear", "cosine-zero-snr", "vp", "sub-vp", "ve", "edm", "vdm"];

    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> Names => _names;

    /// <summary>β growing linearly. [Ho20, Sec. 4]</summary>
    /// <param name="count">Entries of the table, at least 2.</param>
    /// <param name="firstBeta">β_0, in (0, 1).</param>
    /// <param name="lastBeta">β_(T-1), in (0, 1).</param>
    public static BetaSchedule Linear(int count = 1000, double firstBeta = 1e-4, double lastBeta = 0.02)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        double[] betas = new double[count];
        for (int t = 0; t < count; t++)
        {
            betas[t] = firstBeta + ((lastBeta - firstBeta) * t / (count - 1));
        }

        return new BetaSchedule("linear", betas);
    }

    /// <summary>ᾱ a squared cosine, with β capped at 0.999. [Nichol21, Eq. 17]</summary>
    /// <param name="count">Entries of the table, at least 2.</param>
    public static BetaSchedule Cosine(int count = 1000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        double[] betas = new double[count];
        for (int t = 0; t < count; t++)
        {
            // [Nichol21, Eq. 17] β_t = 1 - f(t+1)/f(t), f(t) = cos²((t/T + s)/(1 + s)·π/2)
            double ratio = CosineAlphaBar((t + 1.0) / count) / CosineAlphaBar((double)t / count);
            betas[t] = Math.Min(1 - ratio, MaxBeta);
        }

        return new BetaSchedule("cosine", betas);
    }

    /// <summary>
    /// √β growing linearly, as latent diffusion and diffusers' <c>scaled_linear</c> have it. [Rombach22]
    /// </summary>
    /// <param name="count">Entries of the table, at least 2.</param>
    /// <param name="firstBeta">β_0, in (0, 1).</param>
    /// <param name="lastBeta">β_(T-1), in (0, 1).</param>
    public static BetaSchedule ScaledLinear(int count = 1000, double firstBeta = 0.00085, double lastBeta = 0.012)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        (double first, double last) = (Math.Sqrt(firstBeta), Math.Sqrt(lastBeta));
        double[] betas = new double[count];
        for (int t = 0; t < count; t++)
        {
            double root = first + ((last - first) * t / (count - 1));
            betas[t] = root * root;
        }

        return new BetaSchedule("scaled-linear", betas);
    }

    /// <summary>The schedule of the given name with its paper's constants; tables have 1000 entries.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">The name is none of them.</exception>
    public static NoiseSchedule Parse(string name) => name switch
    {
        "linear" => Linear(),
        "cosine" => Cosine(),
        "scaled-linear" => ScaledLinear(),
        "cosine-zero-snr" => Cosine().RescaleToZeroTerminalSnr(),
        "vp" => new VpSchedule(),
        "sub-vp" => new SubVpSchedule(),
        "ve" => new VeSchedule(),
        "edm" => new EdmSchedule(),
        "vdm" => new LogSnrSchedule(),
        _ => throw new ArgumentException(
            $"Unknown schedule '{name}'; known are {string.Join(", ", _names)}.", nameof(name)),
    };

    private static double CosineAlphaBar(double fraction)
    {
        double cosine = Math.Cos((fraction + CosineOffset) / (1 + CosineOffset) * Math.PI / 2);
        return cosine * cosine;
    }
}
