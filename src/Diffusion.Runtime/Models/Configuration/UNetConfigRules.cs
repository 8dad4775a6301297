namespace Diffusion.Runtime.Models.Configuration;

/// <summary>What a <see cref="UNetConfig"/> must satisfy before anything is built from it.</summary>
/// <remarks>
/// The upper limits are far above any published network; they keep a hostile file from asking a backend for terabytes.
/// A backend may support less than what passes here, and says so itself.
/// </remarks>
internal static class UNetConfigRules
{
    private const int MaxLevels = 8;
    private const int MaxChannels = 8192;
    private const int MaxLayersPerBlock = 16;
    private const int MaxSampleSize = 16_384;
    private const int MaxTableRows = 100_000;
    private const int MaxPatchSize = 8;
    private const int ColourChannels = 3;

    private static readonly string[] _downBlocks =
        ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D", "SkipDownBlock2D", "AttnSkipDownBlock2D"];

    private static readonly string[] _upBlocks =
        ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D", "SkipUpBlock2D", "AttnSkipUpBlock2D"];

    /// <summary>The first rule that is broken, as a clause with key and value; null when none is.</summary>
    public static string? FindProblem(UNetConfig config) =>
        FindLevelProblem(config) ?? FindChannelProblem(config) ?? FindWordProblem(config) ?? FindNumberProblem(config);

    private static string? FindLevelProblem(UNetConfig config)
    {
        int levels = config.BlockOutChannels.Count;
        if (levels is 0 or > MaxLevels)
        {
            return $"'block_out_channels' has {levels} levels; it must have 1 to {MaxLevels}";
        }

        if (config.DownBlockTypes.Count != levels)
        {
            return $"'down_block_types' has {config.DownBlockTypes.Count} blocks and 'block_out_channels' {levels}; "
                + "they must agree";
        }

        if (config.UpBlockTypes.Count != levels)
        {
            return $"'up_block_types' has {config.UpBlockTypes.Count} blocks and 'block_out_channels' {levels}; "
                + "they must agree";
        }

        return FirstOf(config.DownBlockTypes, type => OneOf("down_block_types", type, _downBlocks))
            ?? FirstOf(config.UpBlockTypes, type => OneOf("up_block_types", type, _upBlocks));
    }

    private static string? FindChannelProblem(UNetConfig config)
    {
        string? outOfRange = InRange("patch_size", config.PatchSize, 1, MaxPatchSize)
            ?? InRange("norm_num_groups", config.NormNumGroups, 1, MaxChannels)
            ?? InRange("attn_norm_num_groups", config.AttnNormNumGroups, 0, MaxChannels)
            ?? InRange("attention_head_dim", config.AttentionHeadDim, 0, MaxChannels)
            ?? FirstOf(config.BlockOutChannels, channels => InRange("block_out_channels", channels, 1, MaxChannels));
        if (outOfRange is not null)
        {
            return outOfRange;
        }

        int grey = config.PatchSize * config.PatchSize;
        int image = config.InChannels;
        if (image != ColourChannels * grey && image != grey)
        {
            return $"'in_channels' is {image}; it must be {ColourChannels} times patch_size squared, "
                + $"{ColourChannels * grey}, or {grey} for grey";
        }

        if (config.OutChannels != image && config.OutChannels != 2 * image)
        {
            return $"'out_channels' is {config.OutChannels}; "
                + $"it must be in_channels, {image}, or twice that for a learned variance";
        }

        for (int level = 0; level < config.BlockOutChannels.Count; level++)
        {
            int channels = config.BlockOutChannels[level];
            if (channels % config.NormNumGroups != 0)
            {
                return $"'block_out_channels' has {channels}, "
                    + $"not a multiple of the {config.NormNumGroups} groups of 'norm_num_groups'";
            }

            if (HasAttention(config, level) && config.AttentionHeadDim > 0 && channels % config.AttentionHeadDim != 0)
            {
                return $"'block_out_channels' has {channels} with attention, "
                    + $"not a multiple of 'attention_head_dim' {config.AttentionHeadDim}";
            }
        }

        return config.AttnNormNumGroups > 0 && config.BlockOutChannels[^1] % config.AttnNormNumGroups != 0
            ? $"the deepest {config.BlockOutChannels[^1]} channels are not "
                + $"a multiple of 'attn_norm_num_groups' {config.AttnNormNumGroups}"
            : null;
    }

    private static string? FindWordProblem(UNetConfig config) =>
        OneOf("time_embedding_type", config.TimeEmbeddingType, "positional", "fourier", "learned")
        ?? (config.MidBlockType is null ? null : OneOf("mid_block_type", config.MidBlockType, "UNetMidBlock2D"))
        ?? OneOf("downsample_type", config.DownsampleType, "conv", "resnet")
        ?? OneOf("upsample_type", config.UpsampleType, "conv", "resnet")
        ?? OneOf("act_fn", config.ActFn, "silu", "mish", "gelu", "relu")
        ?? OneOf("resnet_time_scale_shift", config.ResnetTimeScaleShift, "default", "scale_shift")
        ?? (config.ClassEmbedType is null
            ? null
            : OneOf("class_embed_type", config.ClassEmbedType, "timestep", "identity"));

    private static string? FindNumberProblem(UNetConfig config)
    {
        string? outOfRange = InRange("sample_size", config.SampleSize, 0, MaxSampleSize)
            ?? InRange("time_embedding_dim", config.TimeEmbeddingDim, 0, MaxChannels * 4)
            ?? InRange("freq_shift", config.FreqShift, 0, 1)
            ?? InRange("layers_per_block", config.LayersPerBlock, 1, MaxLayersPerBlock)
            ?? InRange("downsample_padding", config.DownsamplePadding, 0, 1)
            ?? InRange("num_class_embeds", config.NumClassEmbeds, 0, MaxTableRows)
            ?? InRange("num_train_timesteps", config.NumTrainTimesteps, 0, MaxTableRows);
        if (outOfRange is not null)
        {
            return outOfRange;
        }

        if (config.TimeEmbeddingType == "learned" && config.NumTrainTimesteps == 0)
        {
            return "'time_embedding_type' is learned and 'num_train_timesteps' is absent; the table needs its size";
        }

        if (config.TimeEmbeddingType == "positional" && (config.BlockOutChannels[0] / 2) - config.FreqShift <= 0)
        {
            return $"'block_out_channels' begins with {config.BlockOutChannels[0]}, "
                + "too few for a sinusoidal time embedding";
        }

        if (!(config.Dropout is >= 0 and < 1))
        {
            return $"'dropout' is {config.Dropout}; it must be at least 0 and below 1";
        }

        if (!(config.NormEps is > 0 and <= 1))
        {
            return $"'norm_eps' is {config.NormEps}; it must be above 0 and at most 1";
        }

        return double.IsFinite(config.MidBlockScaleFactor) && config.MidBlockScaleFactor != 0
            ? null
            : $"'mid_block_scale_factor' is {config.MidBlockScaleFactor}; it divides, so it must be finite and not 0";
    }

    private static bool HasAttention(UNetConfig config, int level)
    {
        int last = config.BlockOutChannels.Count - 1;
        return config.DownBlockTypes[level].StartsWith("Attn", StringComparison.Ordinal)
            || config.UpBlockTypes[last - level].StartsWith("Attn", StringComparison.Ordinal)
            || (level == last && config.AddAttention && config.MidBlockType is not null);
    }

    private static string? FirstOf<T>(IReadOnlyList<T> values, Func<T, string?> findProblem) =>
        values.Select(findProblem).FirstOrDefault(problem => problem is not null);

    private static string? OneOf(string key, string value, params ReadOnlySpan<string> known) =>
        known.Contains(value) ? null : $"'{key}' is '{value}'; known are {string.Join(", ", known!)}";

    private static string? InRange(string key, int value, int least, int most) =>
        value >= least && value <= most ? null : $"'{key}' is {value}; it must be from {least} to {most}";
}
