namespace Diffusion.Onnx.Graphs;

/// <summary>One operation of a graph.</summary>
/// <param name="Name">Unique in its graph.</param>
/// <param name="Op">Its name in the operator set.</param>
/// <param name="Inputs">What it reads, in the operator's order.</param>
/// <param name="Output">What it makes.</param>
/// <param name="Attributes">Its settings.</param>
/// <param name="Flops">Floating-point operations; a multiply-add counts 2.</param>
internal sealed record GraphNode(
    string Name, string Op, GraphValue[] Inputs, GraphValue Output, GraphAttribute[] Attributes, double Flops)
{
    /// <summary>The operator set that has it; empty for ONNX's own.</summary>
    public string Domain { get; init; } = "";
}
