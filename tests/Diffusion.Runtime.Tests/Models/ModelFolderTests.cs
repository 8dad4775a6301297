using System.Text.Json.Nodes;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    /// <summary>The keys and values that diffusers writes for a published unconditional 32-pixel DDPM.</summary>
    private const string PublishedUNet = """
        {
          "_class_name": "UNet2DModel", "_diffusers_version": "0.0.4", "act_fn": "silu", "attention_head_dim": null,
          "block_out_channels": [128, 256, 256, 256], "center_input_sample": false,
          "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
          "downsample_padding": 0, "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "layers_per_block": 2,
          "mid_block_scale_factor": 1, "norm_eps": 1e-06, "norm_num_groups": 32, "out_channels": 3, "sample_size": 32,
          "time_embedding_type": "positional",
          "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]
        }
        """;

    private const string PublishedScheduler = """
        {
          "_class_name": "DDPMScheduler", "_diffusers_version": "0.1.1", "beta_end": 0.02, "beta_schedule": "linear",
          "beta_start": 0.0001, "clip_sample": true, "num_train_timesteps": 1000,
          "trained_betas": null, "variance_type": "fixed_large"
        }
        """;

    private static readonly UNetConfig _textures = new()
    {
        SampleSize = 64,
        InChannels = 12,
        OutChannels = 12,
        PatchSize = 2,
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        BlockOutChannels = [32, 64],
        LayersPerBlock = 1,
        AttentionHeadDim = 32,
        NormNumGroups = 8,
        NormEps = 1e-6,
        Dropout = 0.1,
        ResnetTimeScaleShift = "scale_shift",
        NumClassEmbeds = 3,
        MidBlockType = null,
    };

    private static readonly string[] _classes = ["brick", "moosiger Fels"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FilesInMemory_GivesWhatTheFolderGives()
    {
        ModelFolder.Save(_folder.Path, _textures, new SchedulerConfig(), _classes);
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDType.F32, [2], static values => values.Fill(0.5f));
        writer.Save(ModelFolder.WeightsPath(_folder.Path));
        Dictionary<string, ReadOnlyMemory<byte>> files = Directory
            .GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .ToDictionary(
                file => Path.GetRelativePath(_folder.Path, file).Replace('\\', '/'),
                file => new ReadOnlyMemory<byte>(File.ReadAllBytes(file)));

        ModelFolder expected = ModelFolder.Open(_folder.Path);
        ModelFolder read = ModelFolder.Open(files, "archive");
        Assert.Equal(expected.ClassNames, read.ClassNames);
        Assert.Equal(expected.Scheduler.Prediction, read.Scheduler.Prediction);
        Assert.Equal(expected.Config.BlockOutChannels, read.Config.BlockOutChannels);
        Assert.Empty(read.Warnings);
        Assert.Equal(Path.Combine("archive", "unet", "diffusion_pytorch_model.safetensors"), read.WeightsFile);
        using SafetensorsFile weights = read.OpenWeights();
        var values = new float[2];
        weights.CopyTo("a", values);
        Assert.Equal([0.5f, 0.5f], values);
    }

    [Theory]
    [InlineData("unet/config.json")]
    [InlineData("scheduler/scheduler_config.json")]
    [InlineData("model_index.json")]
    [InlineData("unet/diffusion_pytorch_model.safetensors")]
    public void Open_FileMissingInMemory_IsNamed(string missing)
    {
        ModelFolder.Save(_folder.Path, _textures, new SchedulerConfig(), _classes);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(_folder.Path));
        Dictionary<string, ReadOnlyMemory<byte>> files = Directory
            .GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .ToDictionary(
                file => Path.GetRelativePath(_folder.Path, file).Replace('\\', '/'),
                file => new ReadOnlyMemory<byte>(File.ReadAllBytes(file)));
        Assert.True(files.Remove(missing));

        string message = Assert.Throws<ModelFormatException>(() => ModelFolder.Open(files, "archive")).Message;
        Assert.Contains(Path.Combine("archive", missing), message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_ThenOpen_GivesTheSame()
    {
        var scheduler = new SchedulerConfig
        {
            BetaSchedule = "squaredcos_cap_v2",
            Prediction = PredictionType.VPrediction,
            NumTrainTimesteps = 500,
            ClipSample = false,
            ClipSampleRange = 2,
            RescaleBetasZeroSnr = true,
            Sampler = new SamplerConfig
            {
                ClassName = "UniPCMultistepScheduler",
                TimestepSpacing = "trailing",
                SolverOrder = 3,
                SolverType = "bh1",
                UseKarrasSigmas = true,
                Thresholding = true,
                DynamicThresholdingRatio = 0.9,
                SampleMaxValue = 1,
            },
        };
        SaveWithWeights(_textures, scheduler, _classes);

        ModelFolder read = ModelFolder.Open(_folder.Path);

        Assert.Equivalent(_textures, read.Config, strict: true);
        Assert.Equivalent(scheduler, read.Scheduler, strict: true);
        Assert.Equal(_classes, read.ClassNames);
        Assert.Equal(2, read.NullLabel);
        Assert.Empty(read.Warnings);
        Assert.Equal(_classes, read.Description.ClassNames);
        Assert.Equal(2, read.Description.NullLabel);
        Assert.Equal(PredictionType.VPrediction, read.Description.Prediction);
        Assert.Equal(2f, read.Description.ClampLimit);
        Assert.Equal("cosine-zero-snr", read.Description.Schedule.Name);
        Assert.Equal(499, read.Description.Schedule.MaxTime);
        using SafetensorsFile weights = read.OpenWeights();
        Assert.Empty(weights.Entries);
    }

    [Fact]
    public void Save_DistilledThenOpen_GivesTheStepsAndNoNullClass()
    {
        UNetConfig config = _textures with { NumClassEmbeds = 6 };
        SchedulerConfig scheduler = Distilled(1, 2, 4);
        SaveWithWeights(config, scheduler, _classes);

        ModelFolder read = ModelFolder.Open(_folder.Path);

        Assert.Equivalent(scheduler, read.Scheduler, strict: true);
        Assert.Equal([1, 2, 4], read.Description.DistilledSteps);
        Assert.Equal(_classes, read.ClassNames);
        Assert.Equal(-1, read.NullLabel);
        Assert.Equal("ddim", read.Scheduler.Sampler.CreateSolver().Name);
        Assert.Empty(read.Warnings);
    }

    [Theory]
    [InlineData(3, 1, "'num_class_embeds' is 3; it must be the 2 classes of 'id2label' (at least 1) times the 1")]
    [InlineData(2, 0, "'distilled_steps' has 0; its numbers must rise from 1")]
    [InlineData(2, 1001, "'distilled_steps' has 1001")]
    public void Save_DistilledThatMakesNoSense_NamesTheKeyAndWritesNothing(int rows, int steps, string problem)
    {
        var error = Assert.Throws<ArgumentException>(() =>
            ModelFolder.Save(_folder.Path, _textures with { NumClassEmbeds = rows }, Distilled(steps), _classes));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private static SchedulerConfig Distilled(params int[] steps) => new()
    {
        Sampler = new SamplerConfig
        {
            ClassName = "DDIMScheduler",
            TimestepSpacing = "trailing",
            DistilledSteps = steps,
        },
    };

    [Fact]
    public void Save_Default_WritesIndentedJsonEndingInNewlineWithDiffusersNulls()
    {
        SaveWithWeights(new UNetConfig { AttentionHeadDim = 0 }, new SchedulerConfig(), []);
        string text = File.ReadAllText(_folder[Path.Combine("unet", "config.json")]);
        Assert.StartsWith("{\n  \"_class_name\": \"UNet2DModel\",\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n}\n", text, StringComparison.Ordinal);
        JsonObject json = JsonNode.Parse(text)!.AsObject();
        Assert.True(json.ContainsKey("attention_head_dim") && json["attention_head_dim"] is null);
        Assert.True(json.ContainsKey("num_class_embeds") && json["num_class_embeds"] is null);
        Assert.False(json.ContainsKey("patch_size"), "a key that diffusers does not know");
        Assert.Equivalent(new UNetConfig { AttentionHeadDim = 0 }, ModelFolder.Open(_folder.Path).Config, strict: true);
    }

    [Fact]
    public void Save_BrokenConfig_ThrowsAndWritesNothing()
    {
        string path = _folder["new"];
        var e = Assert.Throws<ArgumentException>(
            () => ModelFolder.Save(path, _textures with { NormNumGroups = 7 }, new SchedulerConfig(), _classes));
        Assert.Contains("norm_num_groups", e.Message, StringComparison.Ordinal);
        var scheduler = new SchedulerConfig();
        var broken = new SchedulerConfig { BetaStart = 0 };
        Assert.Throws<ArgumentException>(() => ModelFolder.Save(path, _textures, broken, _classes));
        Assert.Throws<ArgumentException>(() => ModelFolder.Save(path, _textures, scheduler, ["a", "b", "c", "d"]));
        Assert.Throws<ArgumentException>(() => ModelFolder.Save(path, _textures, scheduler, ["a", "a"]));
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void Open_PublishedCheckpointAtRoot_ReadsWithoutWarnings()
    {
        WritePublished();
        ModelFolder read = ModelFolder.Open(_folder.Path);
        Assert.Empty(read.Warnings);
        Assert.Equal([128, 256, 256, 256], read.Config.BlockOutChannels);
        Assert.Equal(0, read.Config.AttentionHeadDim);
        Assert.Equal(0, read.Config.DownsamplePadding);
        Assert.Equal(1e-6, read.Config.NormEps);
        Assert.Equal("fixed_large", read.Scheduler.Sampler.VarianceType);
        Assert.Equal(-1, read.NullLabel);
        Assert.Empty(read.ClassNames);
        Assert.Equal("linear", read.Description.Schedule.Name);
        Assert.Equal(_folder["diffusion_pytorch_model.safetensors"], read.WeightsFile);
    }

    [Fact]
    public void Open_RootWithoutScheduler_WarnsAndAssumesDdpm()
    {
        WritePublished();
        File.Delete(_folder["scheduler_config.json"]);
        ModelFolder read = ModelFolder.Open(_folder.Path);
        Assert.Contains("scheduler_config.json", Assert.Single(read.Warnings), StringComparison.Ordinal);
        Assert.Equal(new SchedulerConfig(), read.Scheduler);
    }

    [Fact]
    public void Open_UnknownKey_IsNamedInWarning()
    {
        WritePublished();
        EditJson("config.json", json => json["use_magic"] = true);
        string warning = Assert.Single(ModelFolder.Open(_folder.Path).Warnings);
        Assert.Contains("'use_magic'", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OlderKeys_AreUnderstood()
    {
        WritePublished();
        EditJson("config.json", json => (json["image_size"], json["sample_size"]) = (48, null));
        EditJson("scheduler_config.json", json => json["predict_epsilon"] = false);
        ModelFolder read = ModelFolder.Open(_folder.Path);
        Assert.Equal(48, read.Config.SampleSize);
        Assert.Equal(PredictionType.Sample, read.Scheduler.Prediction);
        Assert.Empty(read.Warnings);
    }

    [Fact]
    public void Open_SwishActivation_IsSilu()
    {
        WritePublished();
        EditJson("config.json", json => json["act_fn"] = "swish");
        Assert.Equal("silu", ModelFolder.Open(_folder.Path).Config.ActFn);
    }

    [Fact]
    public void Open_PythonInfinity_IsReadOutsideStringsOnly()
    {
        WritePublished();
        _folder.WriteText("scheduler_config.json", """
            {"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "x": [Infinity, "a\\"],
             "to -Infinity \" Infinity": 1}
            """);
        IReadOnlyList<string> warnings = ModelFolder.Open(_folder.Path).Warnings;
        Assert.Equal(2, warnings.Count);
        Assert.Contains(warnings, w => w.Contains("to -Infinity \" Infinity", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(4, 2, 1)]
    [InlineData(12, 2, 3)]
    public void Open_GreyOrColour_HasItsImageChannels(int inChannels, int patchSize, int expected)
    {
        UNetConfig config = _textures with { InChannels = inChannels, OutChannels = inChannels, PatchSize = patchSize };
        SaveWithWeights(config, new SchedulerConfig(), _classes);

        Assert.Equal(expected, ModelFolder.Open(_folder.Path).Config.ImageChannels);
    }

    [Fact]
    public void Open_ClassTableWithoutNames_NumbersTheClasses()
    {
        WritePublished();
        EditJson("config.json", json => json["num_class_embeds"] = 3);
        ModelFolder read = ModelFolder.Open(_folder.Path);
        Assert.Equal(["0", "1", "2"], read.ClassNames);
        Assert.Equal(-1, read.NullLabel);
        Assert.Single(read.Warnings);
    }

    [Theory]
    [InlineData(2, -1)]
    [InlineData(3, 2)]
    [InlineData(4, -1)]
    public void NullLabel_ByRowsOfTheTable_IsTheOnePastTheNames(int rows, int expected)
    {
        SaveWithWeights(_textures with { NumClassEmbeds = rows }, new SchedulerConfig(), _classes);
        Assert.Equal(expected, ModelFolder.Open(_folder.Path).NullLabel);
    }

    [Fact]
    public void Open_MissingFolder_NamesIt()
    {
        var e = Assert.Throws<DirectoryNotFoundException>(() => ModelFolder.Open(_folder["nothing"]));
        Assert.Contains(_folder["nothing"], e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model_index.json")]
    [InlineData("unet/config.json")]
    [InlineData("unet/diffusion_pytorch_model.safetensors")]
    [InlineData("scheduler/scheduler_config.json")]
    public void Open_MissingFile_NamesIt(string file)
    {
        SaveWithWeights(_textures, new SchedulerConfig(), _classes);
        File.Delete(_folder[file]);
        var e = Assert.Throws<ModelFormatException>(() => ModelFolder.Open(_folder.Path));
        Assert.StartsWith(Path.GetFullPath(_folder[file]), Path.GetFullPath(e.Path), StringComparison.Ordinal);
        Assert.Contains("missing", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EmptyFolder_SaysWhatWasExpected()
    {
        var e = Assert.Throws<ModelFormatException>(() => ModelFolder.Open(_folder.Path));
        Assert.Contains("unet/config.json", e.Message, StringComparison.Ordinal);
    }

    private void SaveWithWeights(UNetConfig config, SchedulerConfig scheduler, IReadOnlyList<string> classes)
    {
        ModelFolder.Save(_folder.Path, config, scheduler, classes);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(_folder.Path));
    }

    private void WritePublished()
    {
        _folder.WriteText("config.json", PublishedUNet);
        _folder.WriteText("scheduler_config.json", PublishedScheduler);
        new SafetensorsWriter().Save(_folder["diffusion_pytorch_model.safetensors"]);
    }

    private void EditJson(string file, Action<JsonObject> edit)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(_folder[file]))!.AsObject();
        edit(json);
        _folder.WriteText(file, json.ToJsonString());
    }
}
