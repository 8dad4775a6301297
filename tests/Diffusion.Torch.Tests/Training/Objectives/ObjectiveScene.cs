using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Times;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

/// <summary>An objective over a formula instead of a network.</summary>
internal sealed class ObjectiveScene : IDisposable
{
    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;

    public ObjectiveScene(
        TrainingOptions options,
        NoiseSchedule schedule,
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        nn.Module<Tensor, Tensor, Tensor?, Tensor>? teacher = null,
        int classCount = 1)
    {
        Assert.Null(TrainingRules.FindProblem(options, schedule));
        _network = network;
        Levels = new LevelMap(schedule, options.Objective);
        Objective = Objective.Create(network, schedule, Levels, options, CPU, teacher, classCount);
    }

    public Objective Objective { get; }

    public LevelMap Levels { get; }

    /// <summary>One unit time a picture.</summary>
    public static TimeDraw[] At(params double[] units) => Array.ConvertAll(units, unit => new TimeDraw(unit, 1));

    /// <summary>The midpoints of as many parts of [0, 1).</summary>
    public static TimeDraw[] Midpoints(int count) =>
        At([.. Enumerable.Range(0, count).Select(i => (i + 0.5) / count)]);

    /// <summary>Losses [N, 3, H, W] and what finishes their gradients.</summary>
    public ObjectiveLosses Losses(Tensor clean, TimeDraw[] draws, ulong seed = 1)
    {
        using Generator generator = new(seed);
        return Objective.Losses(new ObjectiveBatch(clean, zeros(draws.Length, ScalarType.Int64), draws, generator));
    }

    public void Dispose()
    {
        Objective.Dispose();
        _network.Dispose();
    }
}
