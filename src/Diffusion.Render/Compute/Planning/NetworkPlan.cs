using Diffusion.Runtime.Backends;

namespace Diffusion.Render.Compute.Planning;

/// <summary>Everything that one evaluation does at one shape: slices of dispatches over placed tensors.</summary>
internal sealed class NetworkPlan
{
    /// <summary>Places the tensors; the writer is not written to any more.</summary>
    public NetworkPlan(PlanWriter writer)
    {
        Batch = writer.Batch;
        Input = writer.Input;
        Dispatches = [.. writer.Dispatches];
        Slices = [.. writer.Slices];
        Tensors = [.. writer.Tensors];
        ArenaSizeInBytes = Arena.Place(Tensors);
        OutputSizeInBytes = writer.Hidden.Range.SizeInBytes;
    }

    public int Batch { get; }

    public InputLayout Input { get; }

    public IReadOnlyList<PlannedDispatch> Dispatches { get; }

    public IReadOnlyList<PlannedSlice> Slices { get; }

    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Peak bytes of activations.</summary>
    public long ArenaSizeInBytes { get; }

    public long OutputSizeInBytes { get; }

    /// <summary>Name and cost of every slice.</summary>
    public IReadOnlyList<SliceInfo> Describe() => [.. Slices.Select(slice =>
    {
        IEnumerable<PlannedDispatch> dispatches = Dispatches.Skip(slice.First).Take(slice.Count);
        return new SliceInfo(slice.Name, dispatches.Sum(d => d.Flops), dispatches.Sum(d => d.Bytes));
    })];
}
