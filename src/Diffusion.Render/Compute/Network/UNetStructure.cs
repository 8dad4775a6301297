using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Network;

/// <summary>A configuration as the ordered blocks of the network, and the places of their weights.</summary>
/// <remarks>The same blocks in the same order as the Torch backend's; refuses what that refuses.</remarks>
internal sealed class UNetStructure
{
    private readonly UNetConfig _config;
    private readonly int _embeddingWidth;
    private readonly List<Block> _blocks = [];
    private readonly Stack<int> _skips = new();
    private int _channels;

    /// <summary>Lays out a network.</summary>
    /// <exception cref="ArgumentException">The configuration names an unknown block or sizes that do not fit
    /// together.</exception>
    public UNetStructure(UNetConfig config, WeightStorage storage)
    {
        int levels = config.BlockOutChannels.Count;
        if (levels == 0 || config.DownBlockTypes.Count != levels || config.UpBlockTypes.Count != levels)
        {
            throw new ArgumentException(
                $"block_out_channels, down_block_types and up_block_types have {levels}, " +
                $"{config.DownBlockTypes.Count} and {config.UpBlockTypes.Count} entries; " +
                "they must have the same number, at least 1.");
        }

        if (config.PatchSize < 1 || config.InChannels % (config.PatchSize * config.PatchSize) != 0)
        {
            throw new ArgumentException(
                $"in_channels {config.InChannels} must be a multiple of the square of patch_size {config.PatchSize}.");
        }

        _config = config;
        _embeddingWidth = config.TimeEmbeddingDim > 0 ? config.TimeEmbeddingDim : 4 * config.BlockOutChannels[0];
        _channels = config.BlockOutChannels[0];
        Weights = new WeightLayout(storage);
        Time = new TimeFeatures(config, Weights);
        (ClassTable, ClassWidth) = LayOutClasses();
        AddBlocks();
    }

    public WeightLayout Weights { get; }

    public TimeFeatures Time { get; }

    /// <summary>Embeddings by label, or null.</summary>
    public HostTable? ClassTable { get; }

    /// <summary>Values per sample that stand for its class; 0 for a network without classes.</summary>
    public int ClassWidth { get; }

    /// <summary>Every dispatch of an evaluation at a shape.</summary>
    /// <param name="batch">Samples evaluated together, 2 when guided.</param>
    /// <param name="height">Canvas height in pixels, a multiple of the configuration's stride.</param>
    /// <param name="width">Canvas width, likewise.</param>
    /// <param name="seamless">Whether convolutions wrap around.</param>
    /// <param name="tuning">Choices of the device.</param>
    public NetworkPlan Plan(int batch, int height, int width, bool seamless, ComputeTuning tuning)
    {
        InputLayout input = InputLayout.Create(
            batch, _config.ImageChannels, height, width, Time.Width, ClassWidth);
        PlanWriter writer = new(batch, seamless, tuning, input);
        foreach (Block block in _blocks)
        {
            block.Plan(writer);
        }

        return new NetworkPlan(writer);
    }

    internal static Activation ActivationNamed(string name) => name switch
    {
        "silu" or "swish" => Activation.Silu,
        "mish" => Activation.Mish,
        "gelu" => Activation.Gelu,
        "relu" => Activation.Relu,
        _ => throw new ArgumentException($"act_fn '{name}' is unknown: it is silu, swish, mish, gelu or relu."),
    };

    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    internal static WeightPair Norm(WeightLayout weights, string path, int groups, int channels) =>
        groups >= 1 && channels % groups == 0
            ? weights.Norm(path, channels)
            : throw new ArgumentException(
                $"{path} has {channels} channels, which {groups} normalisation groups do not divide.");

    private static bool IsResnet(string type, string key) => type switch
    {
        "conv" => false,
        "resnet" => true,
        _ => throw new ArgumentException($"{key} '{type}' is unknown: it is conv or resnet."),
    };

    private (HostTable? Table, int Width) LayOutClasses() => _config.ClassEmbedType switch
    {
        null when _config.NumClassEmbeds > 0 => (
            Weights.Table("class_embedding.weight", _config.NumClassEmbeds, _embeddingWidth), _embeddingWidth),
        null => (null, 0),
        "timestep" => (null, Time.Width),
        "identity" => throw new ArgumentException(
            "class_embed_type 'identity' takes an embedding for a class, "
            + "and a texture request has only a class label."),
        _ => throw new ArgumentException(
            $"class_embed_type '{_config.ClassEmbedType}' is unknown: it is timestep, identity or null."),
    };

    private void AddBlocks()
    {
        _blocks.Add(new StemBlock(_config, Weights, Time, _embeddingWidth) { KeepsSkip = true });
        _skips.Push(_channels);
        for (int level = 0; level < _config.BlockOutChannels.Count; level++)
        {
            AddDownBlock(level);
        }

        AddMidBlock();
        for (int block = 0; block < _config.BlockOutChannels.Count; block++)
        {
            AddUpBlock(block);
        }

        _blocks.Add(new HeadBlock(_config, Weights));
    }

    private void AddDownBlock(int level)
    {
        string path = $"down_blocks.{level}";
        (bool attention, bool resnet) = _config.DownBlockTypes[level] switch
        {
            "DownBlock2D" => (false, false),
            "AttnDownBlock2D" => (true, IsResnet(_config.DownsampleType, "downsample_type")),
            "ResnetDownsampleBlock2D" => (false, true),
            string type => throw new ArgumentException(
                $"down_block_types names '{type}', which is not supported: " +
                "DownBlock2D, AttnDownBlock2D and ResnetDownsampleBlock2D are."),
        };
        int channels = _config.BlockOutChannels[level];
        for (int i = 0; i < _config.LayersPerBlock; i++)
        {
            AddResnet($"{path}.resnets.{i}", channels, keepsSkip: !attention);
            if (attention)
            {
                AddAttention($"{path}.attentions.{i}", _config.NormNumGroups, keepsSkip: true);
            }

            _skips.Push(_channels);
        }

        if (level == _config.BlockOutChannels.Count - 1)
        {
            return;
        }

        if (resnet)
        {
            AddResnet($"{path}.downsamplers.0", channels, keepsSkip: true, resample: -1);
        }
        else
        {
            bool asymmetric = _config.DownsamplePadding switch
            {
                0 => true,
                1 => false,
                int padding => throw new ArgumentException(
                    $"downsample_padding {padding} is not supported: it is 0 or 1."),
            };
            _blocks.Add(new ResampleBlock(Weights, $"{path}.downsamplers.0", channels, up: false, asymmetric)
            {
                KeepsSkip = true,
            });
        }

        _skips.Push(_channels);
    }

    private void AddMidBlock()
    {
        if (_config.MidBlockType is null)
        {
            return;
        }

        if (_config.MidBlockType != "UNetMidBlock2D")
        {
            throw new ArgumentException(
                $"mid_block_type '{_config.MidBlockType}' is not supported: it is UNetMidBlock2D or null.");
        }

        double scale = _config.MidBlockScaleFactor;
        AddResnet("mid_block.resnets.0", _channels, outputScale: scale);
        if (_config.AddAttention)
        {
            // diffusers gives the middle attention no norm under scale_shift unless attn_norm_num_groups is set.
            int groups = _config.AttnNormNumGroups > 0 ? _config.AttnNormNumGroups
                : _config.ResnetTimeScaleShift == "default" ? _config.NormNumGroups : 0;
            AddAttention("mid_block.attentions.0", groups, outputScale: scale);
        }

        AddResnet("mid_block.resnets.1", _channels, outputScale: scale);
    }

    private void AddUpBlock(int block)
    {
        string path = $"up_blocks.{block}";
        (bool attention, bool resnet) = _config.UpBlockTypes[block] switch
        {
            "UpBlock2D" => (false, false),
            "AttnUpBlock2D" => (true, IsResnet(_config.UpsampleType, "upsample_type")),
            "ResnetUpsampleBlock2D" => (false, true),
            string type => throw new ArgumentException(
                $"up_block_types names '{type}', which is not supported: " +
                "UpBlock2D, AttnUpBlock2D and ResnetUpsampleBlock2D are."),
        };
        int channels = _config.BlockOutChannels[^(block + 1)];
        for (int i = 0; i <= _config.LayersPerBlock; i++)
        {
            AddResnet($"{path}.resnets.{i}", channels, takesSkip: true);
            if (attention)
            {
                AddAttention($"{path}.attentions.{i}", _config.NormNumGroups);
            }
        }

        if (block == _config.BlockOutChannels.Count - 1)
        {
            return;
        }

        if (resnet)
        {
            AddResnet($"{path}.upsamplers.0", channels, resample: 1);
        }
        else
        {
            _blocks.Add(new ResampleBlock(Weights, $"{path}.upsamplers.0", channels, up: true));
        }
    }

    private void AddResnet(
        string path,
        int outputs,
        bool keepsSkip = false,
        bool takesSkip = false,
        int resample = 0,
        double outputScale = 1)
    {
        int inputs = takesSkip ? _channels + _skips.Pop() : _channels;
        _blocks.Add(new ResnetBlock(_config, Weights, path, inputs, outputs, _embeddingWidth)
        {
            KeepsSkip = keepsSkip,
            TakesSkip = takesSkip,
            Resample = resample,
            OutputScale = outputScale,
        });
        _channels = outputs;
    }

    private void AddAttention(string path, int groups, bool keepsSkip = false, double outputScale = 1) =>
        _blocks.Add(new AttentionBlock(Weights, path, _channels, _config.AttentionHeadDim, groups, _config.NormEps)
        {
            KeepsSkip = keepsSkip,
            OutputScale = outputScale,
        });
}
