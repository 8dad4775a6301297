using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using Google.Protobuf;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Onnx;

/// <summary>Writes a network as ONNX graphs (operator set 19, float32), whole or one a slice.</summary>
/// <remarks>
/// Inputs are <c>sample</c> [N, C, H, W] float32, <c>timestep</c> [N] float32 and, for a network with classes,
/// <c>class_label</c> [N] int64 (with class_embed_type identity: [N, E] float32); the output is <c>output</c>. N, H and
/// W are free; H and W are multiples of the configuration's stride. Padding is as <see cref="UNet2DModel.Seamless"/>
/// says at the time, and dropout is left out. Weights keep diffusers' names and shapes.
/// <para>
/// A slice's graph takes <c>hidden</c> and, where it reads them, <c>embedding</c>, <c>skip</c> and <c>timestep</c>, and
/// makes
/// <c>hidden</c>'s successor <c>next</c>; the first takes the network's inputs and makes <c>embedding</c> too, the last
/// makes
/// <c>output</c>. Where the file's metadata says <c>keeps_skip</c> true, <c>next</c> is also pushed onto a stack; a
/// slice with the input <c>skip</c> pops from it.
/// </para>
/// The caller's thread; nothing keeps the network or the stream.
/// </remarks>
public static class UNetOnnx
{
    private const long MostBytes = int.MaxValue;

    /// <summary>Writes the whole network as one graph.</summary>
    /// <param name="network">The network, on any device; borrowed.</param>
    /// <param name="destination">Receives the file; stays open.</param>
    /// <exception cref="NotSupportedException">The weights exceed the 2 GB that the format holds.</exception>
    public static void Write(UNet2DModel network, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(destination);
        using DisposeScope scope = NewDisposeScope();
        OnnxGraph graph = new("unet", WeightNames(network));
        OnnxFlow flow = new(graph, network.Seamless) { Missing = Unexpected };
        DeclareInputs(network.Config, flow);
        foreach (UNetSlice slice in network.Slices)
        {
            slice.Export(flow);
        }

        int channels = network.Config.OutChannels / (network.Config.PatchSize * network.Config.PatchSize);
        graph.Output("output", flow.Hidden, "batch", channels, "height", "width");
        graph.ToModel(("seamless", Text(network.Seamless))).WriteTo(destination);

        static string Unexpected(string value) =>
            throw new InvalidOperationException($"A slice reads '{value}', which no earlier one made.");
    }

    /// <summary>Names of the slices in the order in which they run.</summary>
    /// <param name="network">The network; borrowed.</param>
    public static IReadOnlyList<string> SliceNames(UNet2DModel network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [.. network.Slices.Select(slice => slice.Name)];
    }

    /// <summary>Writes one slice as a graph of its own.</summary>
    /// <param name="network">The network, on any device; borrowed.</param>
    /// <param name="index">Which of <see cref="SliceNames"/>.</param>
    /// <param name="destination">Receives the file; stays open.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slice.</exception>
    /// <exception cref="NotSupportedException">The weights exceed the 2 GB that the format holds.</exception>
    public static void WriteSlice(UNet2DModel network, int index, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, network.Slices.Count);

        using DisposeScope scope = NewDisposeScope();

        // Costs are counted for the channels alone, which they know at every place.
        int stride = network.Config.Stride;
        SliceCost shape = new(batch: 1, stride, stride);
        for (int i = 0; i < index; i++)
        {
            network.Slices[i].Measure(shape);
        }

        UNetSlice slice = network.Slices[index];
        OnnxGraph graph = new(slice.Name, WeightNames(network));
        OnnxFlow flow = new(graph, network.Seamless)
        {
            Missing = value => graph.Input(value, TensorProto.Types.DataType.Float, value switch
            {
                "hidden" => ["batch", shape.Channels, "height", "width"],
                "skip" => ["batch", shape.NewestSkip, "height", "width"],
                "embedding" => ["batch", "embedding_width"],
                _ => ["batch"],
            }),
        };
        if (index == 0)
        {
            DeclareInputs(network.Config, flow);
        }

        slice.Export(flow);
        bool isLast = index == network.Slices.Count - 1;
        graph.Output(isLast ? "output" : "next", flow.Hidden, "batch", "next_channels", "next_height", "next_width");
        if (index == 0)
        {
            graph.Output("embedding", flow.Embedding, "batch", "embedding_width");
        }

        graph.ToModel(("seamless", Text(network.Seamless)), ("keeps_skip", Text(slice.KeepsSkip))).WriteTo(destination);
    }

    private static void DeclareInputs(UNetConfig config, OnnxFlow flow)
    {
        const TensorProto.Types.DataType Float = TensorProto.Types.DataType.Float;
        flow.Hidden = flow.Graph.Input("sample", Float, "batch", config.ImageChannels, "height", "width");
        flow.Timestep = flow.Graph.Input("timestep", Float, "batch");
        flow.Label = config switch
        {
            { ClassEmbedType: "identity" } => flow.Graph.Input("class_label", Float, "batch", "embedding_width"),
            { ClassEmbedType: null, NumClassEmbeds: 0 } => null,
            _ => flow.Graph.Input("class_label", TensorProto.Types.DataType.Int64, "batch"),
        };
    }

    private static Dictionary<Tensor, string> WeightNames(UNet2DModel network)
    {
        // Tensors compare by value, unless told otherwise.
        Dictionary<Tensor, string> names = new(ReferenceEqualityComparer.Instance);
        long bytes = 0;
        foreach ((string name, Tensor tensor) in network.state_dict())
        {
            names.Add(tensor, name);
            bytes += tensor.numel() * sizeof(float);
        }

        return bytes < MostBytes
            ? names
            : throw new NotSupportedException(
                $"The network's weights take {bytes / 1e9:F1} GB as float32; an ONNX file holds 2 GB.");
    }

    private static string Text(bool value) => value ? "true" : "false";
}
