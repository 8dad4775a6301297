using Diffusion.Runtime.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary><c>conv_in</c>, with what goes before it: the patch, and the embedding of time and class.</summary>
internal sealed class StemSlice : ConvSlice
{
    private readonly UNetConfig _config;
    private readonly TimeProjection _projection;
    private readonly TimestepEmbedding _time;
    private readonly PaddedConv _conv;
    private readonly Embedding? _classTable;
    private readonly TimestepEmbedding? _classTime;

    public StemSlice(UNetConfig config, Layers layers, int embeddingWidth)
        : base("conv_in")
    {
        _config = config;
        _conv = layers.Conv("conv_in", config.InChannels, config.BlockOutChannels[0]);
        _projection = TimeProjection.Create(config, layers);
        _time = new TimestepEmbedding(layers, "time_embedding", _projection.Width, embeddingWidth);
        switch (config.ClassEmbedType)
        {
            case null when config.NumClassEmbeds > 0:
                _classTable = layers.Embedding("class_embedding", config.NumClassEmbeds, embeddingWidth);
                break;
            case "timestep":
                _classTime = new TimestepEmbedding(layers, "class_embedding", _projection.Width, embeddingWidth);
                break;
            case null or "identity":
                break;
            default:
                throw new ArgumentException(
                    $"class_embed_type '{config.ClassEmbedType}' is unknown: it is timestep, identity or null.");
        }
    }

    protected override PaddedConv Conv => _conv;

    protected override Tensor Before(UNetState state, DisposeScope scope)
    {
        state.Embedding = Embed(state);
        Tensor x = state.Hidden;
        if (_config.CenterInputSample)
        {
            x = (2 * x) - 1;
        }

        if (_config.PatchSize > 1)
        {
            x = nn.functional.pixel_unshuffle(x, _config.PatchSize);
        }

        return x;
    }

    protected override void CountBefore(SliceCost cost)
    {
        cost.Height /= _config.PatchSize;
        cost.Width /= _config.PatchSize;
        _time.Count(cost);
        _classTime?.Count(cost);
    }

    private Tensor Embed(UNetState state)
    {
        Tensor time = _time.Apply(_projection.Apply(state.Timestep));
        Tensor? label = state.Label;
        if (label is null)
        {
            return time;
        }

        if (_classTable is not null)
        {
            return time + _classTable.call(label);
        }

        return time + (_classTime?.Apply(_projection.Apply(label.to_type(ScalarType.Float32))) ?? label);
    }
}
