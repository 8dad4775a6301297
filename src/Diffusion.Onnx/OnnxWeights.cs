using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Onnx;

/// <summary>A model's weights, checked against a graph and read when a graph is written.</summary>
/// <remarks>
/// Strict, by the rules of the other backends: every tensor in its shape, none besides, all values finite. The file
/// stays mapped, so that no copy is held between two graphs.
/// </remarks>
internal sealed class OnnxWeights : IDisposable
{
    private readonly SafetensorsFile _file;
    private readonly IReadOnlyDictionary<string, string> _stored;

    /// <summary>Opens the weights of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="graph">The network.</param>
    /// <exception cref="ModelFormatException">They do not fit; the message names the tensors.</exception>
    public OnnxWeights(ModelFolder folder, Graph graph)
    {
        _file = folder.OpenWeights();
        try
        {
            _stored = StoredNames.Match(_file, graph.Weights.ToDictionary(pair => pair.Key, pair => pair.Value.Shape));
            foreach (GraphValue weight in graph.Weights.Values)
            {
                if (!Array.TrueForAll(Read(weight), float.IsFinite))
                {
                    throw new ModelFormatException(
                        _file.Path, $"the tensor '{weight.Name}' holds a value that is not finite");
                }
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The values of a weight.</summary>
    public float[] Read(GraphValue weight)
    {
        float[] values = new float[weight.ElementCount];
        _file.CopyTo(_stored[weight.Name], values);
        return values;
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _file.Dispose();
}
