using System.Text.Json;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary><see cref="UNetConfig"/> to and from <c>unet/config.json</c>; diffusers' null is our 0.</summary>
internal static class UNetConfigJson
{
    public const string ClassName = "UNet2DModel";

    public static UNetConfig Read(ConfigObject json, List<string> warnings)
    {
        string className = json.Text("_class_name", ClassName);
        if (className != ClassName)
        {
            throw json.Bad($"the network is a '{className}'; only {ClassName} is known");
        }

        var absent = new UNetConfig();
        var config = new UNetConfig
        {
            SampleSize = ReadSampleSize(json, warnings),
            InChannels = json.Integer("in_channels", absent.InChannels),
            OutChannels = json.Integer("out_channels", absent.OutChannels),
            CenterInputSample = json.Boolean("center_input_sample", absent.CenterInputSample),
            TimeEmbeddingType = json.Text("time_embedding_type", absent.TimeEmbeddingType),
            TimeEmbeddingDim = json.IntegerOrNull("time_embedding_dim", absent.TimeEmbeddingDim),
            FreqShift = json.Integer("freq_shift", absent.FreqShift),
            FlipSinToCos = json.Boolean("flip_sin_to_cos", absent.FlipSinToCos),
            DownBlockTypes = json.Texts("down_block_types", absent.DownBlockTypes),
            MidBlockType = json.TextOrNull("mid_block_type", absent.MidBlockType),
            UpBlockTypes = json.Texts("up_block_types", absent.UpBlockTypes),
            BlockOutChannels = json.Integers("block_out_channels", absent.BlockOutChannels),
            LayersPerBlock = json.Integer("layers_per_block", absent.LayersPerBlock),
            MidBlockScaleFactor = json.Number("mid_block_scale_factor", absent.MidBlockScaleFactor),
            DownsamplePadding = json.Integer("downsample_padding", absent.DownsamplePadding),
            DownsampleType = json.Text("downsample_type", absent.DownsampleType),
            UpsampleType = json.Text("upsample_type", absent.UpsampleType),
            Dropout = json.Number("dropout", absent.Dropout),
            ActFn = ReadActivation(json, absent.ActFn),
            AttentionHeadDim = ReadHeadDim(json, absent.AttentionHeadDim),
            NormNumGroups = json.Integer("norm_num_groups", absent.NormNumGroups),
            AttnNormNumGroups = json.IntegerOrNull("attn_norm_num_groups", absent.AttnNormNumGroups),
            NormEps = json.Number("norm_eps", absent.NormEps),
            ResnetTimeScaleShift = json.Text("resnet_time_scale_shift", absent.ResnetTimeScaleShift),
            AddAttention = json.Boolean("add_attention", absent.AddAttention),
            ClassEmbedType = json.TextOrNull("class_embed_type", absent.ClassEmbedType),
            NumClassEmbeds = json.IntegerOrNull("num_class_embeds", absent.NumClassEmbeds),
            NumTrainTimesteps = json.IntegerOrNull("num_train_timesteps", absent.NumTrainTimesteps),
            PatchSize = json.Integer("patch_size", absent.PatchSize),
        };
        return UNetConfigRules.FindProblem(config) is { } problem ? throw json.Bad(problem) : config;
    }

    public static void Write(Utf8JsonWriter json, UNetConfig config)
    {
        json.WriteStartObject();
        json.WriteString("_class_name", ClassName);
        json.WriteString("act_fn", config.ActFn);
        json.WriteBoolean("add_attention", config.AddAttention);
        WriteOrNull(json, "attention_head_dim", config.AttentionHeadDim);
        WriteOrNull(json, "attn_norm_num_groups", config.AttnNormNumGroups);
        json.WriteStartArray("block_out_channels");
        foreach (int channels in config.BlockOutChannels)
        {
            json.WriteNumberValue(channels);
        }

        json.WriteEndArray();
        json.WriteBoolean("center_input_sample", config.CenterInputSample);
        json.WriteString("class_embed_type", config.ClassEmbedType);
        WriteTexts(json, "down_block_types", config.DownBlockTypes);
        json.WriteNumber("downsample_padding", config.DownsamplePadding);
        json.WriteString("downsample_type", config.DownsampleType);
        json.WriteNumber("dropout", config.Dropout);
        json.WriteBoolean("flip_sin_to_cos", config.FlipSinToCos);
        json.WriteNumber("freq_shift", config.FreqShift);
        json.WriteNumber("in_channels", config.InChannels);
        json.WriteNumber("layers_per_block", config.LayersPerBlock);
        json.WriteNumber("mid_block_scale_factor", config.MidBlockScaleFactor);
        json.WriteString("mid_block_type", config.MidBlockType);
        json.WriteNumber("norm_eps", config.NormEps);
        json.WriteNumber("norm_num_groups", config.NormNumGroups);
        WriteOrNull(json, "num_class_embeds", config.NumClassEmbeds);
        WriteOrNull(json, "num_train_timesteps", config.NumTrainTimesteps);
        json.WriteNumber("out_channels", config.OutChannels);
        if (config.PatchSize != 1)
        {
            // Our key: diffusers names it in a warning and is then right only on unshuffled input.
            json.WriteNumber("patch_size", config.PatchSize);
        }

        json.WriteString("resnet_time_scale_shift", config.ResnetTimeScaleShift);
        WriteOrNull(json, "sample_size", config.SampleSize);
        WriteOrNull(json, "time_embedding_dim", config.TimeEmbeddingDim);
        json.WriteString("time_embedding_type", config.TimeEmbeddingType);
        WriteTexts(json, "up_block_types", config.UpBlockTypes);
        json.WriteString("upsample_type", config.UpsampleType);
        json.WriteEndObject();
    }

    /// <summary>diffusers allows a pair, and early files say <c>image_size</c>.</summary>
    private static int ReadSampleSize(ConfigObject json, List<string> warnings)
    {
        IReadOnlyList<int> size = json.IntegerOrIntegers("sample_size");
        IReadOnlyList<int> older = json.IntegerOrIntegers("image_size");
        if (size.Count == 0)
        {
            size = older;
        }

        if (size.Count > 2)
        {
            throw json.Bad($"'sample_size' has {size.Count} values; it must be one edge or two");
        }

        if (size is [int height, int width] && height != width)
        {
            warnings.Add($"'sample_size' {height}x{width} is not square; its first edge is taken as the native canvas");
        }

        return size.Count == 0 ? 0 : size[0];
    }

    /// <summary>Null is one head, as in diffusers; a 0 that is written out would divide by zero there.</summary>
    private static int ReadHeadDim(ConfigObject json, int absent)
    {
        const string key = "attention_head_dim";
        int dim = json.IntegerOrNull(key, absent);
        return dim == 0 && !json.IsNull(key)
            ? throw json.Bad($"'{key}' is 0; it must be at least 1, or null for one head")
            : dim;
    }

    /// <summary>Swish and SiLU are two names of one function, and diffusers takes both.</summary>
    private static string ReadActivation(ConfigObject json, string absent)
    {
        string name = json.Text("act_fn", absent);
        return name == "swish" ? "silu" : name;
    }

    private static void WriteOrNull(Utf8JsonWriter json, string key, int value)
    {
        if (value == 0)
        {
            json.WriteNull(key);
        }
        else
        {
            json.WriteNumber(key, value);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, string key, IReadOnlyList<string> values)
    {
        json.WriteStartArray(key);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
