using System.Globalization;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Planning;

/// <summary>Choices that depend on the device and not on the network.</summary>
/// <param name="ConvolutionGroups">How many times 8 output channels a workgroup may make, best first.</param>
/// <param name="WantedWorkgroups">A convolution with fewer workgroups is cut finer where it can.</param>
/// <param name="NormThreads">Threads that sum a normalisation group, a power of two.</param>
/// <param name="Channels">Input channels that a workgroup of a 3x3 convolution holds at a time.</param>
/// <param name="PointwiseChannels">The same of a 1x1 convolution.</param>
/// <param name="BroadcastsInSubgroups">Whether convolutions pass weights on within subgroups of 8.</param>
internal sealed record ComputeTuning(
    int[] ConvolutionGroups, int WantedWorkgroups, int NormThreads, int Channels = 4, int PointwiseChannels = 16,
    bool BroadcastsInSubgroups = false)
{
    // Edges of the tiles in conv.comp: 8 outputs need 17 inputs where the stride is 2, and 8 where the kernel is 1.
    private const long StridedPatch = 17 * 17;
    private const long PointwisePatch = 8 * 8;
    private const int MostGroups = 64;
    private const int MostChannels = 64;

    /// <summary>The size of subgroups in which convolutions can pass weights on.</summary>
    public const uint BroadcastWidth = 8;

    /// <summary>Full warps, and workgroups for a mid-range card of 40 processors. Not yet measured on one.</summary>
    public static ComputeTuning Gpu { get; } = new([8, 4], 80, 256);

    /// <summary>Few cores: no padded channels, and each value read by as many as possible.</summary>
    public static ComputeTuning Cpu { get; } = new([8, 6, 4, 2], 1, 64);

    /// <summary>The choices for a device that was not measured.</summary>
    /// <exception cref="VulkanException">The device lacks something that the kernels need.</exception>
    public static ComputeTuning For(VulkanDevice device)
    {
        Require(device);
        if (device.Info.Type == PhysicalDeviceType.Cpu)
        {
            // Broadcasts need subgroups of exactly the 8 columns, in order, as llvmpipe with AVX2 has them.
            return Cpu with { BroadcastsInSubgroups = device.Subgroups.SubgroupSize == BroadcastWidth };
        }

        int most = (int)Math.Min(device.Limits.MaxComputeWorkGroupInvocations, (uint)Gpu.NormThreads);
        return Gpu with { NormThreads = 1 << int.Log2(most) };
    }

    /// <summary>Why a device cannot run kernels of these choices, or null when it can.</summary>
    /// <param name="limits">Its limits.</param>
    /// <param name="subgroupSize">Invocations of a subgroup.</param>
    public string? WhyNot(in PhysicalDeviceLimits limits, uint subgroupSize)
    {
        long most = Math.Min(limits.MaxComputeWorkGroupInvocations, (uint)int.MaxValue);
        if (ConvolutionGroups.Length == 0 || ConvolutionGroups.Any(
            groups => groups is < 1 or > MostGroups || 8 * groups > most))
        {
            return $"a workgroup has 1 to {MostGroups} times 8 invocations, on this device at most {most}";
        }

        if (Channels is < 1 or > MostChannels || PointwiseChannels is < 1 or > MostChannels || WantedWorkgroups < 1)
        {
            return $"channels are 1 to {MostChannels}, and workgroups 1 or more";
        }

        long outputs = 8L * ConvolutionGroups.Max();
        long shared = sizeof(float) * Math.Max(
            Channels * (StridedPatch + (9 * outputs)), PointwiseChannels * (PointwisePatch + outputs));
        return shared > limits.MaxComputeSharedMemorySize
                ? $"a convolution needs {shared} bytes of shared memory, of {limits.MaxComputeSharedMemorySize}"
            : !int.IsPow2(NormThreads) || NormThreads > most
                ? $"the threads of a normalisation are a power of two, on this device at most {most}, not {NormThreads}"
            : BroadcastsInSubgroups && subgroupSize != BroadcastWidth
                ? $"broadcasts need subgroups of {BroadcastWidth}, not {subgroupSize}"
            : null;
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

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"groups {string.Join(' ', ConvolutionGroups)}, channels {Channels} and {PointwiseChannels}, ")
        + $"{NormThreads} threads a norm, {(BroadcastsInSubgroups ? "broadcasts" : "no broadcasts")}";

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
