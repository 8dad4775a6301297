namespace Diffusion.Render.Compute.Planning;

/// <summary>Choices that depend on the device and not on the network.</summary>
/// <param name="ConvolutionGroups">How many times 8 output channels a workgroup may make, best first.</param>
/// <param name="WantedWorkgroups">A convolution with fewer workgroups is cut finer where it can.</param>
/// <param name="NormThreads">Threads that sum a normalisation group, a power of two.</param>
internal sealed record ComputeTuning(int[] ConvolutionGroups, int WantedWorkgroups, int NormThreads)
{
    /// <summary>Full warps, and enough workgroups for a mid-range card's 40 processors. Not yet measured on one.</summary>
    public static ComputeTuning Gpu { get; } = new([8, 4], 80, 256);

    /// <summary>Few cores: no padded channels, and each value read by as many as possible.</summary>
    public static ComputeTuning Cpu { get; } = new([8, 6, 4, 2], 1, 64);

    /// <summary>Times 8 output channels per workgroup for a convolution.</summary>
    /// <param name="outputs">Output channels.</param>
    /// <param name="tiles">Workgroups needed for one such group.</param>
    public int GroupsFor(int outputs, int tiles)
    {
        int needed = (outputs + 7) / 8;
        int best = ConvolutionGroups[0];
        foreach (int groups in ConvolutionGroups)
        {
            int padded = (needed + groups - 1) / groups * groups;
            int bestPadded = (needed + best - 1) / best * best;
            bool isStarved = tiles * (needed + best - 1) / best < WantedWorkgroups;
            best = padded < bestPadded || (isStarved && padded <= bestPadded) ? groups : best;
        }

        return best;
    }
}
