using Diffusion.Render.Devices;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>The network's ends, to which a chain's kernels are bound; all borrowed.</summary>
/// <param name="Conditioning">Time and class as the host writes them, one after the other for each evaluation that may
/// be in flight.</param>
/// <param name="Input">Where the network reads the time and class of the present evaluation.</param>
/// <param name="Picture">Where it reads cIn·x_t, [N, 3, H, W].</param>
/// <param name="Output">What it made of it, [N, C', H, W].</param>
/// <param name="Batch">N: <see cref="Runtime.Backends.SessionOptions.Batch"/>.</param>
internal sealed record SampleBuffers(
    GpuBuffer Conditioning, GpuBuffer Input, GpuBuffer Picture, GpuBuffer Output, int Batch)
{
    /// <summary>Evaluations of one chain that may be in flight: as many copies of what the host writes.</summary>
    public const int Entries = 4;
}
