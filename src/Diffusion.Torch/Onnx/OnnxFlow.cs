using Diffusion.Torch.UNet;

namespace Diffusion.Torch.Onnx;

/// <summary>What <see cref="UNetState"/> is to a run: the values that flow from slice to slice.</summary>
/// <remarks>A graph of one slice has no value for what earlier slices made: there it becomes an input when first
/// read.</remarks>
internal sealed class OnnxFlow(OnnxGraph graph, bool isSeamless)
{
    private readonly Stack<string> _skips = new();
    private string? _hidden;
    private string? _embedding;
    private string? _timestep;

    public OnnxGraph Graph => graph;

    /// <summary>Whether convolutions wrap around.</summary>
    public bool IsSeamless => isSeamless;

    /// <summary>Declares an input of the graph by its name.</summary>
    public required Func<string, string> Missing { get; init; }

    /// <summary>The current activations [N, C, H, W].</summary>
    public string Hidden
    {
        get => _hidden ??= Missing("hidden");
        set => _hidden = value;
    }

    /// <summary>The embedding of time and class [N, E].</summary>
    public string Embedding
    {
        get => _embedding ??= Missing("embedding");
        set => _embedding = value;
    }

    /// <summary>Network time [N] float32.</summary>
    public string Timestep
    {
        get => _timestep ??= Missing("timestep");
        set => _timestep = value;
    }

    /// <summary>Class labels [N], or null.</summary>
    public string? Label { get; set; }

    public void PushSkip() => _skips.Push(Hidden);

    public string PopSkip() => _skips.Count > 0 ? _skips.Pop() : Missing("skip");
}
