using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Onnx;

/// <summary>A model's weights, checked against a graph and read again when a graph is written.</summary>
internal sealed class OnnxWeights : IDisposable
{
    private readonly StoredWeights _stored;

    /// <summary>Opens the weights of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="graph">The network.</param>
    /// <exception cref="ModelFormatException">They do not fit; the message names the tensors.</exception>
    public OnnxWeights(ModelFolder folder, Graph graph)
    {
        _stored = new StoredWeights(
            folder, graph.Weights.ToDictionary(pair => pair.Key, pair => pair.Value.Shape));
        try
        {
            foreach (string name in graph.Weights.Keys)
            {
                _ = _stored.Read(name);
            }
        }
        catch
        {
            _stored.Dispose();
            throw;
        }
    }

    /// <summary>The values of a weight.</summary>
    public float[] Read(GraphValue weight) => _stored.Read(weight.Name);

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _stored.Dispose();
}
