namespace Diffusion.Runtime.Models.Network;

/// <summary>A configuration as the ordered blocks of diffusers' <c>UNet2DModel</c>, without weights.</summary>
/// <remarks>
/// What every backend builds its network from, so that all have the same blocks by the same names and refuse the same
/// configurations. The first convolution (<c>conv_in</c>, whose output is the first skip) and the last (<c>conv_out</c>)
/// stand around the blocks.
/// </remarks>
public sealed class UNetBlocks
{
    private readonly UNetConfig _config;
    private readonly List<UNetBlock> _blocks = [];
    private readonly Stack<int> _skips = new();
    private int _channels;

    private UNetBlocks(UNetConfig config)
    {
        _config = config;
        _channels = config.BlockOutChannels[0];
    }

    /// <summary>The blocks in the order in which an evaluation runs them.</summary>
    /// <exception cref="ArgumentException">The configuration names an unknown block or sizes that do not fit
    /// together.</exception>
    public static IReadOnlyList<UNetBlock> Of(UNetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
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

        UNetBlocks walk = new(config);
        walk._skips.Push(walk._channels);
        for (int level = 0; level < levels; level++)
        {
            walk.AddDownBlock(level);
        }

        walk.AddMidBlock();
        for (int block = 0; block < levels; block++)
        {
            walk.AddUpBlock(block);
        }

        return walk._blocks;
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
            _blocks.Add(
                new UNetResample($"{path}.downsamplers.0", channels, IsUp: false, asymmetric) { KeepsSkip = true });
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
            _blocks.Add(new UNetResample($"{path}.upsamplers.0", channels, IsUp: true));
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
        _blocks.Add(new UNetResnet(path, inputs, outputs)
        {
            KeepsSkip = keepsSkip,
            TakesSkip = takesSkip,
            Resample = resample,
            OutputScale = outputScale,
        });
        _channels = outputs;
    }

    private void AddAttention(string path, int groups, bool keepsSkip = false, double outputScale = 1) =>
        _blocks.Add(new UNetAttention(path, _channels, groups) { KeepsSkip = keepsSkip, OutputScale = outputScale });

    private static bool IsResnet(string type, string key) => type switch
    {
        "conv" => false,
        "resnet" => true,
        _ => throw new ArgumentException($"{key} '{type}' is unknown: it is conv or resnet."),
    };
}
