using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Optimizers;
using Diffusion.Torch.Training.Times;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private const int Canvas = 32;

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-trainer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Muon)]
    public void Load_HalfwayCheckpoint_GoesOnBitForBit(OptimizerKind optimizer)
    {
        TrainingOptions options = Options() with { Optimizer = optimizer };
        string halfway = Path.Combine(_folder, "halfway.safetensors");
        string straight = Path.Combine(_folder, "straight.safetensors");
        string resumed = Path.Combine(_folder, "resumed.safetensors");
        using (UNet2DModel network = NewNetwork())
        using (Trainer trainer = NewTrainer(network, options))
        {
            Steps(trainer, 3);
            trainer.Save(halfway);
            Steps(trainer, 3);
            trainer.Save(straight);
        }

        using (UNet2DModel network = NewNetwork(seed: 99))
        using (Trainer trainer = NewTrainer(network, options))
        {
            trainer.Load(halfway);
            Assert.Equal(3, trainer.Iteration);
            Steps(trainer, 3);
            trainer.Save(resumed);
        }

        Assert.Equal(Tensors(straight), Tensors(resumed));
        Assert.NotEqual(Tensors(halfway), Tensors(resumed));
    }

    [Fact]
    public void Step_FixedIterations_LossFalls()
    {
        using UNet2DModel network = NewNetwork();
        using Trainer trainer = NewTrainer(network);

        double first = Enumerable.Range(0, 8).Average(_ => trainer.Step().Loss);
        Steps(trainer, 120);
        double last = Enumerable.Range(0, 8).Average(_ => trainer.Step().Loss);

        // Smooth two-colour pictures are learned in a few iterations; noise alone would leave the loss where it began.
        Assert.InRange(last, 0, 0.7 * first);
    }

    [Fact]
    public void Step_SteadyState_LeaksNoTensor()
    {
        using UNet2DModel network = NewNetwork();
        using Trainer trainer = NewTrainer(network);
        Steps(trainer, 2);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Steps(trainer, 4);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void UseAverage_Disposed_GivesTheWeightsBack()
    {
        using UNet2DModel network = NewNetwork();
        using Trainer trainer = NewTrainer(network);
        Steps(trainer, 3);
        float[] before = FirstWeights(network);

        float[] during;
        using (trainer.UseAverage())
        {
            during = FirstWeights(network);
        }

        Assert.NotEqual(before, during);
        Assert.Equal(before, FirstWeights(network));
    }

    [Fact]
    public void Load_OtherSeed_IsRefusedAndChangesNothing()
    {
        string path = Path.Combine(_folder, "checkpoint.safetensors");
        using UNet2DModel network = NewNetwork();
        using (Trainer trainer = NewTrainer(network))
        {
            Steps(trainer, 1);
            trainer.Save(path);
        }

        using Trainer other = new(network, Data(), NoiseSchedules.Parse("cosine"), Options() with { Seed = 8 }, CPU);
        float[] before = FirstWeights(network);

        var error = Assert.Throws<InvalidDataException>(() => other.Load(path));

        Assert.Contains("seed", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, other.Iteration);
        Assert.Equal(before, FirstWeights(network));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    public void Trainer_BadLearningRate_IsRefused(double rate)
    {
        using UNet2DModel network = NewNetwork();

        var error = Assert.ThrowsAny<ArgumentException>(
            () => new Trainer(network, Data(), NoiseSchedules.Parse("cosine"), Options() with { LearningRate = rate }, CPU));

        Assert.Contains("LearningRate", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Kinds() => [.. _kindOptions.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Load_AnyObjective_GoesOnBitForBitAndLeaksNoTensor(string kind)
    {
        (string schedule, TrainingOptions options) = _kindOptions[kind];
        string halfway = Path.Combine(_folder, "halfway.safetensors");
        string straight = Path.Combine(_folder, "straight.safetensors");
        string resumed = Path.Combine(_folder, "resumed.safetensors");
        using (UNet2DModel network = NewNetwork(variance: options.Variance))
        using (Trainer trainer = new(network, Data(), ScheduleOf(schedule), options, CPU))
        {
            Steps(trainer, kind == "importance" ? 24 : 2);
            trainer.Save(halfway);
            long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            Steps(trainer, 2);
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            trainer.Save(straight);
            if (kind == "importance")
            {
                // Every entry of the table has its ten losses, so that the resumed draws depend on the history.
                Assert.DoesNotContain(Floats(halfway, "times.counts"), count => count < 10);
            }
        }

        using (UNet2DModel network = NewNetwork(seed: 99, options.Variance))
        using (Trainer trainer = new(network, Data(), ScheduleOf(schedule), options, CPU))
        {
            trainer.Load(halfway);
            Steps(trainer, 2);
            trainer.Save(resumed);
        }

        Assert.Equal(Tensors(straight), Tensors(resumed));
        Assert.NotEqual(Tensors(halfway), Tensors(resumed));
    }

    [Theory]
    [InlineData("hybrid")]
    [InlineData("vdm")]
    [InlineData("importance")]
    public void Step_LossIsNaN_ThrowsAndChangesNothing(string kind)
    {
        (string schedule, TrainingOptions options) = _kindOptions[kind];
        string before = Path.Combine(_folder, "before.safetensors");
        string after = Path.Combine(_folder, "after.safetensors");
        using UNet2DModel network = NewNetwork(variance: options.Variance);
        using Trainer trainer = new(network, Data(), ScheduleOf(schedule), options, CPU);
        Steps(trainer, 1);
        using (no_grad())
        {
            network.named_parameters().Single(p => p.name == "conv_out.bias").parameter.fill_(float.NaN);
        }

        trainer.Save(before);
        var error = Assert.Throws<DivergedException>(() => trainer.Step());
        trainer.Save(after);

        Assert.Contains("NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(Tensors(before), Tensors(after));
        Assert.Equal(1, trainer.Iteration);
    }

    [Fact]
    public void Trainer_BatchLargerThanAnArray_IsRefusedWithTheLimit()
    {
        using UNet2DModel network = NewNetwork();

        var error = Assert.Throws<ArgumentException>(
            () => NewTrainer(network, Options() with { BatchSize = int.MaxValue }));

        Assert.Contains("BatchSize is 2147483647", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_OptionsThatDoNotGoTogether_AreRefused()
    {
        using UNet2DModel network = NewNetwork();
        TrainingOptions options = Options() with { Objective = TrainingObjective.Vlb };

        var error = Assert.Throws<ArgumentException>(
            () => new Trainer(network, Data(), NoiseSchedules.Parse("vp"), options, CPU));

        Assert.Contains("vlb", error.Message, StringComparison.Ordinal);
        Assert.Contains("'vp'", error.Message, StringComparison.Ordinal);
    }

    private static readonly Dictionary<string, (string Schedule, TrainingOptions Options)> _kindOptions = new()
    {
        ["vlb"] = ("cosine", Options() with { Objective = TrainingObjective.Vlb }),
        ["hybrid"] = ("cosine", Options() with
        {
            Objective = TrainingObjective.Hybrid,
            Variance = ReverseVariance.Learned,
            Weighting = LossWeighting.MinSnr,
        }),
        ["score"] = ("vp", Options() with
        {
            Objective = TrainingObjective.Score,
            Prediction = PredictionType.Score,
            Weighting = LossWeighting.Bound,
            TimeSampling = TimeSampling.Likelihood,
        }),
        ["edm"] = ("edm", Options() with { Objective = TrainingObjective.Edm, Prediction = PredictionType.Edm }),
        ["vdm"] = ("vdm", Options() with { Objective = TrainingObjective.Vdm, Prediction = PredictionType.Epsilon }),
        ["importance"] = ("short", Options() with { TimeSampling = TimeSampling.Importance }),
    };

    /// <summary>A table of four entries, whose losses are soon known, or a named schedule.</summary>
    private static NoiseSchedule ScheduleOf(string name) =>
        name == "short" ? new BetaSchedule(name, [0.1, 0.2, 0.4, 0.6]) : NoiseSchedules.Parse(name);

    private static void Steps(Trainer trainer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            trainer.Step();
        }
    }

    private static UNet2DModel NewNetwork(int seed = 5, ReverseVariance variance = ReverseVariance.Fixed)
    {
        manual_seed(seed);
        int channels = (variance == ReverseVariance.Learned ? 2 : 1) * TestNetworks.Trained.InChannels;
        return new UNet2DModel(TestNetworks.Trained with { OutChannels = channels }) { Seamless = true };
    }

    private static Trainer NewTrainer(UNet2DModel network, TrainingOptions? options = null) =>
        new(network, Data(), NoiseSchedules.Parse("cosine"), options ?? Options(), CPU);

    private static TrainingOptions Options() => new()
    {
        Iterations = 400,
        BatchSize = 4,
        LearningRate = 3e-3,
        WarmupIterations = 2,
        AverageDecay = 0.9,
        Seed = 7,
    };

    private static TextureDataset Data() => TestTextures.Dataset(Canvas);

    private static float[] FirstWeights(UNet2DModel network)
    {
        using var scope = NewDisposeScope();
        return network.parameters().First().detach().clone().data<float>().ToArray();
    }

    private static float[] Floats(string path, string name)
    {
        using var file = Runtime.Models.Safetensors.SafetensorsFile.Open(path);
        float[] values = new float[file.Entries[name].Shape.ToArray().Aggregate(1L, (product, size) => product * size)];
        file.CopyTo(name, values);
        return values;
    }

    private static Dictionary<string, string> Tensors(string path)
    {
        using var file = Runtime.Models.Safetensors.SafetensorsFile.Open(path);
        return file.Entries.Keys.ToDictionary(name => name, name => Convert.ToHexString(file.GetBytes(name)));
    }
}
