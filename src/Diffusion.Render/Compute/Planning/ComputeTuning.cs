using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Planning;

/// <summary>Choices that depend on the device and not on the network.</summary>
/// <param name="ConvolutionGroups">How many times 8 output channels a workgroup may make, best first.</param>
/// <param name="WantedWorkgroups">A convolution with fewer workgroups is cut finer where it can.</param>
/// <param name="NormThreads">Threads that sum a normalisation group, a power of two.</param>
/// <param name="BroadcastsInSubgroups">Whether convolutions pass weights on within subgroups of 8.</param>
internal sealed record ComputeTuning(
    int[] ConvolutionGroups, int WantedWorkgroups, int NormThreads, bool BroadcastsInSubgroups = false)
{
    /// <summary>Full warps, and workgroups for a mid-range card of 40 processors. Not yet measured on one.</summary>
    public static ComputeTuning Gpu { get; } = new([8, 4], 80, 256);

    /// <summary>Few cores: no padded channels, and each value read by as many as possible.</summary>
    public static ComputeTuning Cpu { get; } = new([8, 6, 4, 2], 1, 64);

    /// <summary>The choices for a device.</summary>
    /// <exception cref="VulkanException">The device lacks something that the kernels need.</exception>
    public static ComputeTuning For(VulkanDevice device)
    {
        Require(device);
        if (device.Info.Type == PhysicalDeviceType.Cpu)
        {
            // Broadcasts need subgroups of exactly the 8 columns, in order, as llvmpipe with AVX2 has them.
            return Cpu with { BroadcastsInSubgroups = device.Subgroups.SubgroupSize == 8 };
        }

        int most = (int)Math.Min(device.Limits.MaxComputeWorkGroupInvocations, (uint)Gpu.NormThreads);
        return Gpu with { NormThreads = 1 << int.Log2(most) };
    }

    private static void Require(VulkanDevice device)
    {
        PhysicalDeviceSubgroupProperties subgroups = device.Subgroups;
        if (!subgroups.SupportedStages.HasFlag(ShaderStageFlags.ComputeBit)
            || !subgroups.SupportedOperations.HasFlag(SubgroupFeatureFlags.BallotBit))
        {
            throw new VulkanException($"{device.Info.Name} has no subgroup ballots in compute shaders.");
        }

        uint buffers = device.Limits.MaxPerStageDescriptorStorageBuffers;
        if (buffers < KernelLibrary.BindingCount)
        {
            throw new VulkanException(
                $"{device.Info.Name} binds {buffers} storage buffers to a shader; "
                + $"the kernels need {KernelLibrary.BindingCount}.");
        }
    }

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
