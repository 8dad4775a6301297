using System.Text.Json.Nodes;
using CsCheck;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

/// <summary>Config files that break one rule each, and files that are no config at all.</summary>
public sealed class ModelConfigRulesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ModelConfigRulesTests()
    {
        var config = new UNetConfig
        {
            DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
            UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
            BlockOutChannels = [32, 64],
            NumClassEmbeds = 3,
        };
        ModelFolder.Save(_folder.Path, config, new SchedulerConfig(), ["brick", "wood"]);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("_class_name", "\"UNet2DConditionModel\"", "UNet2DConditionModel")]
    [InlineData("in_channels", "4", "'in_channels' is 4")]
    [InlineData("in_channels", "\"3\"", "must be an integer")]
    [InlineData("in_channels", "3.5", "must be an integer")]
    [InlineData("in_channels", "null", "must be an integer")]
    [InlineData("in_channels", "99999999999", "must be an integer")]
    [InlineData("out_channels", "4", "'out_channels' is 4")]
    [InlineData("patch_size", "2", "patch_size squared, 12")]
    [InlineData("patch_size", "0", "from 1 to 8")]
    [InlineData("patch_size", "9", "from 1 to 8")]
    [InlineData("block_out_channels", "[]", "0 levels")]
    [InlineData("block_out_channels", "[32]", "'block_out_channels' 1")]
    [InlineData("block_out_channels", "[32, -64]", "'block_out_channels' is -64")]
    [InlineData("block_out_channels", "[32, 65536]", "'block_out_channels' is 65536")]
    [InlineData("block_out_channels", "[32, 65]", "multiple of the 32 groups")]
    [InlineData("block_out_channels", "32", "must be a list")]
    [InlineData("block_out_channels", "[8,8,8,8,8,8,8,8,8]", "9 levels")]
    [InlineData("down_block_types", "[\"DownBlock2D\"]", "'down_block_types' has 1")]
    [InlineData("down_block_types", "[\"DownBlock2D\",\"CrossAttnDownBlock2D\"]", "CrossAttnDownBlock2D")]
    [InlineData("down_block_types", "[1, 2]", "must be a string")]
    [InlineData("up_block_types", "[\"UpBlock2D\",\"DownBlock2D\"]", "'up_block_types' is 'DownBlock2D'")]
    [InlineData("mid_block_type", "\"UnCLIPUNetMidBlock2D\"", "mid_block_type")]
    [InlineData("norm_num_groups", "0", "norm_num_groups")]
    [InlineData("attn_norm_num_groups", "5", "attn_norm_num_groups")]
    [InlineData("attention_head_dim", "24", "'attention_head_dim' 24")]
    [InlineData("attention_head_dim", "0", "'attention_head_dim' is 0; it must be at least 1, or null")]
    [InlineData("time_embedding_type", "\"sundial\"", "known are positional")]
    [InlineData("time_embedding_type", "\"learned\"", "num_train_timesteps")]
    [InlineData("time_embedding_dim", "-1", "time_embedding_dim")]
    [InlineData("freq_shift", "2", "freq_shift")]
    [InlineData("layers_per_block", "0", "layers_per_block")]
    [InlineData("downsample_padding", "2", "downsample_padding")]
    [InlineData("downsample_type", "\"pool\"", "downsample_type")]
    [InlineData("upsample_type", "\"pool\"", "upsample_type")]
    [InlineData("act_fn", "\"tanh\"", "act_fn")]
    [InlineData("resnet_time_scale_shift", "\"spatial\"", "resnet_time_scale_shift")]
    [InlineData("class_embed_type", "\"projection\"", "class_embed_type")]
    [InlineData("num_class_embeds", "1", "'id2label' names 2")]
    [InlineData("num_class_embeds", "100001", "num_class_embeds")]
    [InlineData("dropout", "1", "'dropout' is 1")]
    [InlineData("norm_eps", "0", "norm_eps")]
    [InlineData("norm_eps", "1e999", "norm_eps")]
    [InlineData("mid_block_scale_factor", "0", "mid_block_scale_factor")]
    [InlineData("add_attention", "1", "true or false")]
    [InlineData("sample_size", "[1,2,3]", "sample_size")]
    [InlineData("sample_size", "-1", "sample_size")]
    public void Open_BrokenUNetKey_NamesKeyAndRule(string key, string value, string rule) =>
        AssertRefused("unet/config.json", key, value, rule);

    [Theory]
    [InlineData("_class_name", "\"ScoreSdeVeScheduler\"", "ScoreSdeVeScheduler")]
    [InlineData("num_train_timesteps", "1", "from 2")]
    [InlineData("num_train_timesteps", "2000000000", "from 2")]
    [InlineData("beta_start", "0", "beta_start")]
    [InlineData("beta_start", "0.5", "start <= end")]
    [InlineData("beta_end", "1", "beta_end")]
    [InlineData("beta_schedule", "\"sigmoid\"", "known are linear")]
    [InlineData("trained_betas", "[0.1]", "'trained_betas' has 1 values")]
    [InlineData("prediction_type", "\"flow\"", "known are epsilon")]
    [InlineData("clip_sample_range", "0", "clip_sample_range")]
    [InlineData("timestep_spacing", "\"random\"", "timestep_spacing")]
    [InlineData("dynamic_thresholding_ratio", "1.5", "above 0 and at most 1")]
    public void Open_BrokenSchedulerKey_NamesKeyAndRule(string key, string value, string rule) =>
        AssertRefused("scheduler/scheduler_config.json", key, value, rule);

    [Theory]
    [InlineData("[\"brick\"]", "names by number")]
    [InlineData("{\"1\":\"brick\"}", "none numbered 0")]
    [InlineData("{\"0\":\"brick\",\"2\":\"wood\"}", "none numbered 1")]
    [InlineData("{\"0\":7}", "must be a string")]
    [InlineData("{\"0\":\" \"}", "empty")]
    [InlineData("{\"0\":\"a\",\"1\":\"a\"}", "twice")]
    [InlineData("{\"0\":\"\\ud800\"}", "Unicode")]
    public void Open_BrokenClassNames_NamesRule(string value, string rule)
    {
        _folder.WriteText("model_index.json", $"{{\"id2label\":{value}}}");
        AssertRefused(rule);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "one JSON object")]
    [InlineData("{\"tint\":1,\"tint\":2}", "'tint'")]
    [InlineData("{\"\\ud800\":1}", "Unicode")]
    [InlineData("{\"id2label\":{\"\\ud800\":1}}", "Unicode")]
    [InlineData("{", "not valid JSON")]
    public void Open_NoJsonObject_NamesFile(string text, string rule)
    {
        _folder.WriteText("model_index.json", text);
        AssertRefused(rule);
    }

    [Fact]
    public void Open_DeeplyNestedConfig_Throws()
    {
        _folder.WriteText("model_index.json", "{\"a\":" + new string('[', 1_000_000));
        AssertRefused("not valid JSON");
    }

    [Fact]
    public void Open_HugeConfig_Throws()
    {
        _folder.WriteText("model_index.json", "{}" + new string(' ', 5_000_000));
        AssertRefused("over the limit");
    }

    [Fact]
    public void Open_MutatedConfig_ThrowsOnlyModelFormatExceptionOrReads()
    {
        string path = _folder["unet/config.json"];
        byte[] valid = File.ReadAllBytes(path);
        int refused = 0;
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 3].Sample(
            changes =>
            {
                byte[] mutated = [.. valid];
                foreach ((int position, byte value) in changes)
                {
                    mutated[position] = value;
                }

                File.WriteAllBytes(path, mutated);
                try
                {
                    ModelFolder.Open(_folder.Path);
                }
                catch (ModelFormatException)
                {
                    refused++;
                }
            },
            iter: 2_000,
            threads: 1);
        Assert.InRange(refused, 100, 1_999);
    }

    private void AssertRefused(string file, string key, string value, string rule)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(_folder[file]))!.AsObject();
        json[key] = JsonNode.Parse(value);
        _folder.WriteText(file, json.ToJsonString());
        AssertRefused(rule);
    }

    private void AssertRefused(string rule)
    {
        var e = Assert.Throws<ModelFormatException>(() => ModelFolder.Open(_folder.Path));
        Assert.StartsWith(_folder.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
