namespace Diffusion.Runtime.Backends;

/// <summary>Consecutive slices.</summary>
/// <param name="First">Index of the first.</param>
/// <param name="End">Index behind the last.</param>
public readonly record struct SliceRange(int First, int End)
{
    /// <summary>How many.</summary>
    public int Count => End - First;
}
