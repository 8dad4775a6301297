using Diffusion.Runtime.Schedules;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>Turns a batch and the network's answer to it into losses.</summary>
/// <remarks>Borrows the network; owns its parameters. One thread.</remarks>
internal abstract class Objective : IDisposable
{
    /// <summary>What the objective learns beside the network, by name.</summary>
    public virtual IReadOnlyList<(string Name, Parameter Value)> Parameters => [];

    /// <summary>The schedule to sample on; one that is learned changes.</summary>
    public abstract NoiseSchedule Schedule { get; }

    /// <summary>The objective that the options name.</summary>
    public static Objective Create(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        NoiseSchedule schedule,
        LevelMap levels,
        TrainingOptions options,
        Device device,
        nn.Module<Tensor, Tensor, Tensor?, Tensor>? teacher = null,
        int classCount = 0) => options.Objective switch
        {
            TrainingObjective.Distillation =>
                new DistillationObjective(network, teacher!, schedule, options, classCount),
            TrainingObjective.Vlb or TrainingObjective.Hybrid => new BoundObjective(network, schedule, levels, options),
            TrainingObjective.Vdm => new VdmObjective(network, schedule, options, device),
            _ => new DenoisingObjective(network, schedule, levels, options),
        };

    /// <summary>The losses of a batch, attached to the caller's dispose scope.</summary>
    public abstract ObjectiveLosses Losses(ObjectiveBatch batch);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in Parameters)
        {
            value.Dispose();
        }
    }
}
