using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>
/// Samples a batch by DDIM to see how training goes; the runtime's chain is the way for everything else.
/// </summary>
/// <remarks>One thread. [Song21DDIM, Eq. 12 with σ_t = 0]</remarks>
public static class DdimPreview
{
    /// <summary>Draws one picture per label.</summary>
    /// <param name="network">
    /// (x [N, C, H, W], timestep [N], label [N]) to [N, C or 2·C, H, W]; not disposed.
    /// </param>
    /// <param name="schedule">The schedule it was trained on.</param>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="labels">Class indices, one a picture.</param>
    /// <param name="channels">Channels of the pictures.</param>
    /// <param name="edge">Edge of the pictures in pixels.</param>
    /// <param name="steps">Network evaluations, at least 1.</param>
    /// <param name="seed">Seed of the noise it starts from.</param>
    /// <param name="device">Where the network is.</param>
    /// <returns>[N, C, H, W] on the CPU in [-1, 1]; the caller disposes it.</returns>
    public static Tensor Sample(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        NoiseSchedule schedule,
        PredictionType prediction,
        IReadOnlyList<long> labels,
        int channels,
        int edge,
        int steps,
        ulong seed,
        Device device)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var generator = new Generator(seed);
        var spacing = schedule is ExplodingSchedule ? StepSpacing.Karras : StepSpacing.Trailing;
        var levels = StepGrid.Create(schedule, spacing, steps);
        var x = levels[0].Sigma * randn([labels.Count, channels, edge, edge], generator: generator).to(device);
        var label = tensor(labels.ToArray()).to(device);
        for (var i = 0; i < steps; i++)
        {
            using var step = NewDisposeScope();
            var (here, next) = (levels[i], levels[i + 1]);
            var scalars = Preconditioning.For(prediction, here, schedule.NetworkTime(here.Time));
            var times = full([labels.Count], (float)scalars.CNoise, device: device);

            // A learned variance follows the mean, and DDIM needs none.
            var output = network.call(scalars.CIn * x, times, label).narrow(1, 0, channels);
            var clean = ((scalars.CSkip * x) + (scalars.COut * output)).clamp(-1, 1);

            // [Song21DDIM, Eq. 12] x' = α'·x_0 + σ'·(x - α·x_0)/σ
            var noise = (x - (here.Alpha * clean)) / here.Sigma;
            x = ((next.Alpha * clean) + (next.Sigma * noise)).MoveToOuterDisposeScope();
        }

        return x.cpu().DetachFromDisposeScope();
    }
}
