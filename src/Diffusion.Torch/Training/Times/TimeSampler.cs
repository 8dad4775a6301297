using Diffusion.Torch.Training.Objectives;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Times;

/// <summary>Draws the times of a batch; the expectation of weight times loss is the same for every sampler.</summary>
/// <remarks>One thread.</remarks>
internal abstract class TimeSampler : IDisposable
{
    /// <summary>Whether <see cref="Observe"/> wants to be called.</summary>
    public virtual bool LearnsFromLosses => false;

    /// <summary>What a resumed run needs, by name; float tensors on the CPU.</summary>
    public virtual IReadOnlyList<(string Name, Tensor Value)> State => [];

    /// <summary>The sampler that the options name.</summary>
    public static TimeSampler Create(TimeSampling sampling, LevelMap levels) => sampling switch
    {
        TimeSampling.LowDiscrepancy => new LowDiscrepancyTimes(),
        TimeSampling.Uniform => new UniformTimes(),
        TimeSampling.Importance => new ImportanceTimes(levels.BinCount),
        TimeSampling.Likelihood => new LikelihoodTimes(levels),
        _ => throw new ArgumentOutOfRangeException(nameof(sampling), sampling, "Unknown time sampling."),
    };

    /// <summary>Draws one time a picture.</summary>
    public abstract TimeDraw[] Draw(int count, ref CounterRandom random);

    /// <summary>Takes note of the losses at the drawn times, before their weights.</summary>
    public virtual void Observe(TimeDraw[] draws, float[] losses)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in State)
        {
            value.Dispose();
        }
    }
}
