using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Network;

namespace Diffusion.Onnx.Graphs;

/// <summary>Writes a configuration as a graph: diffusers' <c>UNet2DModel</c>, weights by their names.</summary>
/// <remarks>
/// Shapes are those of one sample; no operation depends on how many are evaluated together.
/// The same slices in the same order as the Torch backend's; refuses what that refuses. Inputs are <c>sample</c>,
/// <c>timestep</c> and, for a network with classes, <c>class_label</c>; a slice's activations are named after it, those
/// of the last are <c>output</c>, and the embedding of time and class is <c>embedding</c>. Dropout is left out.
/// </remarks>
internal sealed partial class UNetGraph
{
    private readonly UNetConfig _config;
    private readonly Graph _graph = new();
    private readonly GraphLayers _layers;
    private readonly Stack<GraphValue> _skips = new();
    private readonly GraphValue _timestep;
    private readonly GraphValue? _label;
    private GraphValue _hidden;
    private GraphValue _embedding = GraphValue.None;

    private UNetGraph(UNetConfig config, NetworkShape shape, double workPerPiece, int block)
    {
        _config = config;
        _layers = new GraphLayers(_graph, shape.IsSeamless, workPerPiece, block);
        _hidden = _graph.Input("sample", false, 1, config.ImageChannels, shape.Height, shape.Width);
        _timestep = _graph.Input("timestep", false, 1);
        _label = config switch
        {
            { ClassEmbedType: "identity" } => _graph.Input("class_label", false, 1, config.EmbeddingWidth),
            { ClassEmbedType: null, NumClassEmbeds: 0 } => null,
            _ => _graph.Input("class_label", true, 1),
        };
    }

    /// <summary>The network at a shape.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="shape">What it is laid out for; its batch does not matter.</param>
    /// <param name="workPerPiece">What a convolution may hold before it is computed in parts; infinity leaves all
    /// whole.</param>
    /// <param name="block">Channels of a block, see <see cref="BlockedLayout"/>; 0 writes ONNX's own operations only.
    /// </param>
    /// <exception cref="ArgumentException">The configuration names what is not supported, or sizes that do not fit
    /// together.</exception>
    public static Graph Build(
        UNetConfig config, NetworkShape shape, double workPerPiece = double.PositiveInfinity, int block = 0)
    {
        IReadOnlyList<UNetBlock> blocks = UNetBlocks.Of(config);
        UNetGraph network = new(config, shape, workPerPiece, block);
        network.AddSlice("conv_in", network.Stem, keepsSkip: true);
        foreach (UNetBlock part in blocks)
        {
            network.AddSlice(part.Path, () => network.Block(part), part.KeepsSkip);
        }

        network.AddSlice("conv_out", network.Head, keepsSkip: false);
        network._graph.NameNewest("output");
        network._graph.EndStage();
        return network._graph;
    }

    private void AddSlice(string name, Func<GraphValue> add, bool keepsSkip)
    {
        _graph.Enter(name);
        add();
        _hidden = _graph.NameNewest(name);
        if (keepsSkip)
        {
            _skips.Push(_hidden);
        }
    }

    private GraphValue Block(UNetBlock block) => block switch
    {
        UNetResnet resnet => Resnet(resnet),
        UNetAttention attention => Attention(attention),
        UNetResample { IsUp: true } up => _layers.Convolve($"{up.Path}.conv", _layers.Enlarge(_hidden), up.Channels),
        UNetResample down => _layers.Convolve(
            $"{down.Path}.conv", _hidden, down.Channels, stride: 2, isAsymmetric: down.IsAsymmetric),
        _ => throw new ArgumentException($"{block.Path} is a {block.GetType().Name}, for which there is no graph."),
    };

    private GraphValue Stem()
    {
        GraphValue x = _hidden;
        EmbedTimeAndClass();
        if (_config.CenterInputSample)
        {
            GraphValue doubled = _layers.Multiply(x, _graph.Scalar(2));
            x = _graph.Add("Sub", x.Shape, [doubled, _graph.Scalar(1)]);
        }

        int patch = _config.PatchSize;
        int outputs = _config.BlockOutChannels[0];
        if (patch == 1)
        {
            return _layers.Convolve("conv_in", x, outputs);
        }

        // SpaceToDepth puts the place within the patch before the channel, pixel_unshuffle after it. The order of the
        // kernel's inputs is changed, which is constant, and not that of the activations.
        int places = patch * patch;
        long[] order = [.. Enumerable.Range(0, _config.InChannels)
            .Select(i => (long)(((i % _config.ImageChannels) * places) + (i / _config.ImageChannels)))];
        GraphValue patched = _graph.Add(
            "SpaceToDepth",
            [x.Shape[0], _config.InChannels, x.Shape[2] / patch, x.Shape[3] / patch],
            [x],
            new GraphAttribute("blocksize", (long)patch));
        return _layers.Convolve("conv_in", patched, outputs, inputOrder: order);
    }

    private GraphValue Head()
    {
        GraphValue norm = _layers.Norm("conv_norm_out", _config.NormNumGroups, _config.NormEps, _hidden);
        GraphValue output = _layers.Convolve("conv_out", _layers.Silu(norm), _config.OutChannels);
        if (_config.TimeEmbeddingType == "fourier")
        {
            // [Song21SDE] a network of variance-exploding noise predicts the score, whose scale is 1/σ
            output = _layers.Divide(output, _layers.Reshape(_timestep, [_timestep.Shape[0], 1, 1, 1], -1, 1, 1, 1));
        }

        // CRD is the order of PyTorch's pixel_shuffle.
        int patch = _config.PatchSize;
        return patch == 1 ? output : _graph.Add(
            "DepthToSpace",
            [output.Shape[0], output.Shape[1] / (patch * patch), patch * output.Shape[2], patch * output.Shape[3]],
            [output],
            new("blocksize", (long)patch),
            new("mode", "CRD"));
    }

    private GraphValue Scaled(GraphValue sum, double outputScale) =>
        outputScale == 1 ? sum : _layers.Divide(sum, _graph.Scalar(outputScale));
}
