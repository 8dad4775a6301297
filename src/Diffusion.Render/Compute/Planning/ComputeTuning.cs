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
/// <param name="Matrices">Cooperative matrices for the convolutions of float16 networks, or null.</param>
internal sealed record ComputeTuning(
    int[] ConvolutionGroups, int WantedWorkgroups, int NormThreads, int Channels = 4, int PointwiseChannels = 16,
    bool BroadcastsInSubgroups = false, MatrixShape? Matrices = null)
{
    // Edges of the tiles in conv.comp: 8 outputs need 17 inputs where the stride is 2, and 8 where the kernel is 1.
    private const long StridedPatch = 17 * 17;
    private const long PointwisePatch = 8 * 8;
    private const int GroupWidth = 8;
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

        return Gpu with { NormThreads = MostThreads(device.Limits, Gpu.NormThreads) };
    }

    // A power of two, as they are halved.
    private static unsafe int MostThreads(in PhysicalDeviceLimits limits, int wanted)
    {
        uint most = Math.Min(limits.MaxComputeWorkGroupInvocations, limits.MaxComputeWorkGroupSize[0]);
        return 1 << int.Log2((int)Math.Min(most, (uint)wanted));
    }

    /// <summary>Why a device cannot run kernels of these choices, or null when it can.</summary>
    /// <param name="limits">Its limits.</param>
    /// <param name="subgroupSize">Invocations of a subgroup.</param>
    /// <param name="matrices">Its cooperative matrices.</param>
    public string? WhyNot(
        in PhysicalDeviceLimits limits, uint subgroupSize, params ReadOnlySpan<MatrixShape> matrices)
    {
        if (ConvolutionGroups.Length == 0)
        {
            return "a convolution needs at least one choice of groups";
        }

        foreach (int groups in ConvolutionGroups)
        {
            if (groups is < 1 or > MostGroups)
            {
                return $"groups are 1 to {MostGroups}, not {groups}";
            }

            if (WhyNotSize("a convolution", GroupWidth, groups, limits) is { } whyNot)
            {
                return whyNot;
            }
        }

        if (Math.Min(Channels, PointwiseChannels) < 1 || Math.Max(Channels, PointwiseChannels) > MostChannels)
        {
            return $"channels are 1 to {MostChannels}, not {Channels} and {PointwiseChannels}";
        }

        if (WantedWorkgroups < 1)
        {
            return $"workgroups are 1 or more, not {WantedWorkgroups}";
        }

        if (!int.IsPow2(NormThreads))
        {
            return $"the threads of a normalisation are a power of two, not {NormThreads}";
        }

        // In the order of the shaders' arrays: conv.comp of 3x3 and 1x1, group_norm.comp.
        long outputs = 8L * ConvolutionGroups.Max();
        return WhyNotSize("a normalisation", NormThreads, 1, limits)
            ?? WhyNotShared("a 3x3 convolution", sizeof(float) * Channels * (StridedPatch + (9 * outputs)), limits)
            ?? WhyNotShared("a 1x1 convolution", sizeof(float) * PointwiseChannels * (PointwisePatch + outputs), limits)
            ?? WhyNotShared("a normalisation", sizeof(float) * NormThreads, limits)
            ?? (BroadcastsInSubgroups && subgroupSize != BroadcastWidth
                ? $"broadcasts need subgroups of {BroadcastWidth}, not {subgroupSize}"
                : null)
            ?? (Matrices is { } shape ? WhyNotMatrices(shape, limits, matrices) : null);
    }

    private static string? WhyNotMatrices(
        in MatrixShape shape, in PhysicalDeviceLimits limits, ReadOnlySpan<MatrixShape> matrices)
    {
        if (!matrices.Contains(shape))
        {
            return matrices.IsEmpty
                ? "the device has no cooperative matrices"
                : $"the device has no cooperative matrices of {shape}, but of {string.Join(", ", matrices.ToArray())}";
        }

        return !ConvolutionTile.Takes(shape)
            ? $"a convolution cannot be made of cooperative matrices of {shape}"
            : WhyNotSize("a convolution on matrices", shape.Subgroup, ConvolutionTile.Subgroups(stride: 1), limits)
                ?? WhyNotShared("a 3x3 convolution on matrices", SharedOf(shape, 3, 1), limits)
                ?? WhyNotShared("a strided convolution on matrices", SharedOf(shape, 3, 2), limits)
                ?? WhyNotShared("a 1x1 convolution on matrices", SharedOf(shape, 1, 1), limits);

        static long SharedOf(in MatrixShape shape, int kernel, int stride) =>
            ConvolutionTile.SharedSizeInBytes(shape, kernel, stride);
    }

    private static unsafe string? WhyNotSize(string kernel, int x, int y, in PhysicalDeviceLimits limits)
    {
        long invocations = (long)x * y;
        return x > limits.MaxComputeWorkGroupSize[0]
                ? $"a workgroup of {kernel} is {x} wide, of {limits.MaxComputeWorkGroupSize[0]} on this device"
            : y > limits.MaxComputeWorkGroupSize[1]
                ? $"a workgroup of {kernel} is {y} high, of {limits.MaxComputeWorkGroupSize[1]} on this device"
            : invocations > limits.MaxComputeWorkGroupInvocations
                ? $"a workgroup of {kernel} has {invocations} invocations, "
                    + $"of {limits.MaxComputeWorkGroupInvocations} on this device"
            : null;
    }

    private static string? WhyNotShared(string kernel, long bytes, in PhysicalDeviceLimits limits) =>
        bytes > limits.MaxComputeSharedMemorySize
            ? $"{kernel} needs {bytes} bytes of shared memory, "
                + $"of {limits.MaxComputeSharedMemorySize} on this device"
            : null;

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
        + $"{NormThreads} threads a norm, {(BroadcastsInSubgroups ? "broadcasts" : "no broadcasts")}"
        + (Matrices is { } shape ? $", matrices of {shape}" : "");

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
