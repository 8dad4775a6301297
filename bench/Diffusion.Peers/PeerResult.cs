namespace Diffusion.Peers;

/// <summary>What one peer took, and how that compares with ours in the same round.</summary>
/// <param name="Name">The peer.</param>
/// <param name="Milliseconds">An evaluation in each round.</param>
/// <param name="Ratios">The peer's time over that of the last peer, round by round.</param>
internal sealed record PeerResult(string Name, double[] Milliseconds, double[] Ratios)
{
    /// <summary>By nearest rank.</summary>
    public static double Quantile(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
