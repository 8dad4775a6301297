namespace Diffusion.Render.Compute.Planning;

/// <summary>Activations that live in the arena from the dispatch that writes them to the last that reads them.</summary>
internal sealed class PlannedTensor(string name, long sizeInBytes)
{
    public string Name { get; } = name;

    public long SizeInBytes { get; } = sizeInBytes;

    /// <summary>Index of the dispatch that writes it, or -1.</summary>
    public int FirstUse { get; private set; } = -1;

    /// <summary>Index of the last dispatch that touches it.</summary>
    public int LastUse { get; private set; } = -1;

    /// <summary>Place in the arena, in bytes; set by <see cref="Arena.Place"/>.</summary>
    public long Offset { get; set; }

    public void Use(int dispatch)
    {
        FirstUse = FirstUse < 0 ? dispatch : FirstUse;
        LastUse = Math.Max(LastUse, dispatch);
    }

    /// <summary>Whether both are needed at one time.</summary>
    public bool LivesWith(PlannedTensor other) => FirstUse <= other.LastUse && other.FirstUse <= LastUse;
}
