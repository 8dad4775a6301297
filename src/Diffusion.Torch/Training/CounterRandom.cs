namespace Diffusion.Torch.Training;

/// <summary>
/// A short random stream that is a function of (seed, iteration, purpose), so that resuming needs no saved generator.
/// </summary>
/// <remarks>SplitMix64. A struct that counts: pass it by reference.</remarks>
internal struct CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    public CounterRandom(ulong seed, long iteration, uint purpose)
    {
        _state = seed;
        _state = NextBits() ^ (ulong)iteration;
        _state = NextBits() ^ purpose;
    }

    public ulong NextBits()
    {
        _state += Golden;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="bound"/>).</summary>
    public int NextInt(int bound) => (int)(NextDouble() * bound);
}
