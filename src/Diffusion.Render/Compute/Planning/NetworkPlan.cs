using Diffusion.Runtime.Backends;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Planning;

/// <summary>Everything that evaluations do at one shape: slices of dispatches over placed tensors.</summary>
internal sealed class NetworkPlan
{
    private readonly SliceRange _guided;
    private readonly SliceRange _plain;

    /// <summary>Places the tensors; the writers are not written to any more.</summary>
    /// <param name="writer">The whole network, for all samples.</param>
    /// <param name="plain">The same for those that an evaluation without guidance needs, or null where that is
    /// all.</param>
    /// <param name="mostFlops">Arithmetic that one submission may have, as far as slices can be cut.</param>
    public NetworkPlan(PlanWriter writer, PlanWriter? plain, double mostFlops)
    {
        Batch = writer.Batch;
        Input = writer.Input;
        Slices = [.. writer.Slices];
        Tensors = [.. writer.Tensors];
        ArenaSizeInBytes = Arena.Place(Tensors);
        OutputSizeInBytes = writer.Hidden.Range.SizeInBytes;
        IReadOnlyList<PlannedPart> guided = SliceCutter.Cut(Slices, writer.Dispatches, mostFlops);
        _guided = _plain = new SliceRange(0, guided.Count);
        if (plain is null)
        {
            (Dispatches, Parts) = ([.. writer.Dispatches], guided);
            return;
        }

        // Of the same sizes and lives, so that they come to lie in the same places.
        Arena.Place(plain.Tensors);
        Dispatches = [.. writer.Dispatches, .. plain.Dispatches];
        Parts =
        [
            .. guided,
            .. SliceCutter.Cut(plain.Slices, plain.Dispatches, mostFlops)
                .Select(part => part with { Name = $"{part.Name}, unguided" }),
        ];
        _plain = new SliceRange(guided.Count, Parts.Count);
    }

    public int Batch { get; }

    public InputLayout Input { get; }

    public IReadOnlyList<PlannedDispatch> Dispatches { get; }

    /// <summary>The network's own slices, as the Torch backend has them.</summary>
    public IReadOnlyList<PlannedSlice> Slices { get; }

    /// <summary>What is submitted: the slices, cut where they are too long.</summary>
    public IReadOnlyList<PlannedPart> Parts { get; }

    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Peak bytes of activations.</summary>
    public long ArenaSizeInBytes { get; }

    public long OutputSizeInBytes { get; }

    /// <summary>Which of <see cref="Parts"/> an evaluation submits.</summary>
    public SliceRange PartsOf(bool isGuided) => isGuided ? _guided : _plain;

    /// <summary>Name and cost of everything that is submitted.</summary>
    public IReadOnlyList<SliceInfo> Describe() =>
        [.. Parts.Select(part => new SliceInfo(part.Name, part.Flops, part.Bytes))];

    /// <summary>Why a device cannot run it, or null when it can.</summary>
    /// <param name="limits">Its limits.</param>
    public unsafe string? WhyNot(in PhysicalDeviceLimits limits)
    {
        foreach (PlannedDispatch dispatch in Dispatches)
        {
            long largest = dispatch.Bindings.Max(static range => range.SizeInBytes);
            if (largest > limits.MaxStorageBufferRange)
            {
                return $"needs a tensor of {largest} bytes; the device binds at most {limits.MaxStorageBufferRange}";
            }

            (int x, int y, int z) = dispatch.Groups;
            ReadOnlySpan<int> counts = [x, y, z];
            for (int axis = 0; axis < counts.Length; axis++)
            {
                if (counts[axis] > limits.MaxComputeWorkGroupCount[axis])
                {
                    return $"needs {counts[axis]} workgroups of {dispatch.Kernel.Shader} along {"xyz"[axis]}; "
                        + $"the device takes at most {limits.MaxComputeWorkGroupCount[axis]}";
                }
            }
        }

        return null;
    }
}
