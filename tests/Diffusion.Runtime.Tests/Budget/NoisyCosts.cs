namespace Diffusion.Runtime.Tests.Budget;

/// <summary>How costs of one slice differ on a machine that does other work too.</summary>
internal static class NoisyCosts
{
    /// <summary>A log-normal factor with median 1. [BoxMuller58]</summary>
    /// <param name="random">Gives two numbers.</param>
    /// <param name="spread">The deviation of its logarithm.</param>
    public static double Factor(Random random, double spread) => Math.Exp(
        spread * (Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
}
