namespace Diffusion.Runtime.Backends;

/// <summary>Consecutive slices that a session also runs at once, in less time and to the same bits.</summary>
/// <param name="Name">Stable name.</param>
/// <param name="First">Index of the first slice in <see cref="IDenoiserSession.Slices"/>.</param>
/// <param name="Count">How many slices, at least 2.</param>
public readonly record struct SliceSpan(string Name, int First, int Count);
