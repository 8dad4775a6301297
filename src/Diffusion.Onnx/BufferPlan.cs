using Diffusion.Onnx.Graphs;

namespace Diffusion.Onnx;

/// <summary>Places of all values that parts hand to one another, in one block of memory.</summary>
/// <remarks>Values that are never needed at the same time share their place. Pure arithmetic.</remarks>
internal sealed class BufferPlan
{
    /// <summary>Offsets are multiples of this, a cache line.</summary>
    public const int Alignment = 64;

    private readonly Dictionary<string, Place> _places = [];

    /// <param name="inputs">What the caller writes before the first part runs.</param>
    /// <param name="parts">The parts in order.</param>
    /// <param name="turns">When each part runs; those of one turn run in any order, and what one of them touches stays
    /// for all of it. Null where each has its own.</param>
    public BufferPlan(
        IReadOnlyList<GraphValue> inputs,
        IReadOnlyList<GraphPart> parts,
        IReadOnlyList<int>? turns = null)
    {
        foreach (GraphValue input in inputs)
        {
            Add(input, 0, TurnOf(LastUse(input, parts)));
        }

        for (int i = 0; i < parts.Count; i++)
        {
            foreach (GraphValue output in parts[i].Outputs)
            {
                // What no part reads is the caller's.
                int last = LastUse(output, parts);
                Add(output, TurnOf(i), last < 0 ? parts.Count : TurnOf(last));
            }
        }

        int TurnOf(int part) => turns is null || part < 0 ? part : turns[part];
    }

    /// <summary>Bytes of the block.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>All values.</summary>
    public IEnumerable<GraphValue> Values => _places.Values.Select(place => place.Value);

    /// <summary>Where a value lies in the block.</summary>
    public long OffsetOf(string name) => _places[name].Offset;

    /// <summary>How many elements a value has.</summary>
    public long LengthOf(string name) => _places[name].Value.ElementCount;

    private static int LastUse(GraphValue value, IReadOnlyList<GraphPart> parts)
    {
        int last = parts.Count - 1;
        while (last >= 0 && !parts[last].Inputs.Any(input => input.Name == value.Name))
        {
            last--;
        }

        return last;
    }

    // The lowest gap between those that are needed at the same time.
    private void Add(GraphValue value, int first, int last)
    {
        long offset = 0;
        long size = value.SizeInBytes;
        foreach (Place other in _places.Values
            .Where(other => other.First <= last && other.Last >= first)
            .OrderBy(other => other.Offset))
        {
            if (offset + size <= other.Offset)
            {
                break;
            }

            long end = other.Offset + other.Value.SizeInBytes;
            offset = Math.Max(offset, (end + Alignment - 1) / Alignment * Alignment);
        }

        _places.Add(value.Name, new Place(value, offset, first, last));
        SizeInBytes = Math.Max(SizeInBytes, offset + size);
    }

    private readonly record struct Place(GraphValue Value, long Offset, int First, int Last);
}
