using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Models;

namespace Diffusion.Onnx;

/// <summary>A model folder's network as ONNX files (operator set 19, float32), whole or one a slice.</summary>
/// <remarks>
/// Inputs are <c>sample</c> [N, C, H, W] float32, <c>timestep</c> [N] float32 and, for a network with classes,
/// <c>class_label</c> [N] int64 (with class_embed_type identity: [N, E] float32); the output is <c>output</c>. N, H and
/// W are free; H and W are multiples of the configuration's stride. Dropout is left out. Weights keep diffusers' names
/// and shapes.
/// <para>
/// Slices are run in order. Their inputs and outputs are values by name: one that a slice reads is the network's, or an
/// earlier slice made it; whoever runs them keeps what each makes until the last that reads it. A slice's activations
/// are named after it, those of the last <c>output</c>.
/// </para>
/// One thread; owned by its creator. ONNX Runtime's library is not needed.
/// </remarks>
/// <example><code>
/// using UNetOnnx network = new(ModelFolder.Open("models/textures-64"), isSeamless: true);
/// using FileStream file = File.Create("unet.onnx");
/// network.Write(file);
/// </code></example>
public sealed class UNetOnnx : IDisposable
{
    private readonly Graph _graph;
    private readonly IReadOnlyList<GraphPart> _slices;
    private readonly OnnxWeights _weights;
    private readonly (string Key, string Value) _note;

    /// <summary>Opens a model folder's weights.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="isSeamless">Whether convolutions wrap around.</param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration; the message names the
    /// tensors.</exception>
    /// <exception cref="ArgumentException">The configuration needs what is not supported.</exception>
    public UNetOnnx(ModelFolder folder, bool isSeamless)
    {
        ArgumentNullException.ThrowIfNull(folder);
        int stride = folder.Config.Stride;
        _graph = UNetGraph.Build(folder.Config, new NetworkShape(stride, stride, isSeamless));
        _slices = GraphCutter.BySlices(_graph);
        _weights = new OnnxWeights(folder, _graph);
        _note = ("seamless", isSeamless ? "true" : "false");
        SliceNames = [.. _slices.Select(slice => slice.Name)];
    }

    /// <summary>Names of the slices in the order in which they run.</summary>
    public IReadOnlyList<string> SliceNames { get; }

    /// <summary>Writes the whole network as one graph.</summary>
    /// <param name="destination">Receives the file; stays open.</param>
    /// <exception cref="NotSupportedException">The weights exceed the 2 GB that the format holds.</exception>
    public void Write(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        OnnxModelFile.Write(
            destination, GraphCutter.Whole(_graph, "unet"), _weights.Read, value => Free(value, ""), _note);
    }

    /// <summary>Writes one slice as a graph of its own.</summary>
    /// <param name="index">Which of <see cref="SliceNames"/>.</param>
    /// <param name="destination">Receives the file; stays open.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slice.</exception>
    /// <exception cref="NotSupportedException">The weights exceed the 2 GB that the format holds.</exception>
    public void WriteSlice(int index, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _slices.Count);
        GraphPart slice = _slices[index];
        OnnxModelFile.Write(
            destination, slice, _weights.Read,
            value => Free(value, slice.Outputs.Contains(value) ? "next_" : ""), _note);
    }

    /// <summary>Closes the weights.</summary>
    public void Dispose() => _weights.Dispose();

    // Activations are [N, C, H, W], the embedding [N, E], times and labels [N].
    private static IEnumerable<object> Free(GraphValue value, string canvas) => value.Shape.Length switch
    {
        4 => ["batch", value.Shape[1], $"{canvas}height", $"{canvas}width"],
        2 => ["batch", value.Shape[1]],
        _ => ["batch"],
    };
}
