namespace Diffusion.Render.Compute.Weights;

/// <summary>Where each weight of a network lies in the one weight buffer. Pure arithmetic; no device.</summary>
/// <param name="precision">How matrices are kept.</param>
internal sealed class WeightLayout(StoragePrecision precision)
{
    /// <summary>Offsets are multiples of this: the largest alignment that Vulkan lets a device ask for.</summary>
    public const long Alignment = 256;

    private readonly List<PackedWeight> _weights = [];
    private readonly List<HostTable> _tables = [];

    public StoragePrecision Precision => precision;

    public IReadOnlyList<PackedWeight> Weights => _weights;

    /// <summary>Tables of which an evaluation needs one row: they stay on the host.</summary>
    public IReadOnlyList<HostTable> Tables => _tables;

    public long SizeInBytes { get; private set; }

    /// <summary>A matrix and its bias; with <paramref name="names"/>, one stacked of several layers.</summary>
    public WeightPair Layer(string path, long[] shape, params string[] names)
    {
        string[] layers = names.Length == 0 ? [path] : [.. names.Select(name => $"{path}.{name}")];
        return new WeightPair(
            Add([.. layers.Select(layer => $"{layer}.weight")], shape, isMatrix: true),
            Add([.. layers.Select(layer => $"{layer}.bias")], [shape[0]], isMatrix: false));
    }

    public WeightPair Convolution(string path, int inputs, int outputs, int kernel) =>
        Layer(path, [outputs, inputs, kernel, kernel]);

    public WeightPair Linear(string path, int inputs, int outputs) => Layer(path, [outputs, inputs]);

    /// <summary>Scale and shift of a normalisation: two vectors.</summary>
    public WeightPair Norm(string path, int channels) => new(
        Add([$"{path}.weight"], [channels], isMatrix: false), Add([$"{path}.bias"], [channels], isMatrix: false));

    public HostTable Table(string name, params long[] shape)
    {
        HostTable table = new(name, shape);
        _tables.Add(table);
        return table;
    }

    private PackedWeight Add(string[] names, long[] shape, bool isMatrix)
    {
        PackedWeight weight = new()
        {
            Names = names,
            Shape = shape,
            IsMatrix = isMatrix,
            IsHalf = isMatrix && precision == StoragePrecision.Half,
            Offset = SizeInBytes,
        };
        _weights.Add(weight);
        SizeInBytes += (weight.SizeInBytes + Alignment - 1) / Alignment * Alignment;
        return weight;
    }
}
