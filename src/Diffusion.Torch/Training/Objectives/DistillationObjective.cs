using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// Teaches a network to go in one step where two shorter ones lead: at the largest number of steps the teacher's next
/// step and then the student's own to the end of the segment, which is multistep consistency distillation [Heek24];
/// at smaller numbers two of the student's own steps of half the length, which is progressive distillation
/// [Salimans22] with all its stages in one network at once [Frans24].
/// </summary>
/// <remarks>
/// <para>
/// The step is DDIM's, x' = (σ'/σ)·x + κ·D, so that the boundary condition of consistency models, that nothing changes
/// where a step has no length, holds whatever the network says, as c_skip and c_out do it in [Song23, Eq. 5]. Targets
/// come from the student's present weights without gradient [Heek24]: an average of them would lag, and runs here are
/// short.
/// </para>
/// <para>
/// The loss is the square error of the network's output, less for fewer steps. Their errors are many times larger, and
/// at equal weight they move the weights that all share until those of most steps, which only the teacher holds in
/// place, follow them: colours were seen to run away within a hundred iterations. Guidance is in the teacher's clean
/// estimate, clamped as the chain clamps it. [HoSalimans22, Eq. 6]
/// </para>
/// </remarks>
internal sealed class DistillationObjective(
    nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
    nn.Module<Tensor, Tensor, Tensor?, Tensor> teacher,
    NoiseSchedule schedule,
    TrainingOptions options,
    int classCount) : Objective
{
    private readonly DistillationOptions _distillation = options.Distillation!;
    private readonly DistillationGrid _grid = new(schedule, options.Distillation!);

    /// <inheritdoc/>
    public override NoiseSchedule Schedule => schedule;

    /// <inheritdoc/>
    public override ObjectiveLosses Losses(ObjectiveBatch batch)
    {
        var steps = Array.ConvertAll(batch.Draws, draw => _grid.At(draw.Unit));
        var alpha = batch.PerPicture(steps, step => step.From.Alpha);
        var sigma = batch.PerPicture(steps, step => step.From.Sigma);

        // [Ho20, Eq. 4]
        var x = (alpha * batch.Clean) + (sigma * batch.DrawNoise());
        var from = new Query(this, batch, Array.ConvertAll(steps, step => step.From));
        var target = from.OutputOf(x, Target(batch, steps, x));
        var output = from.Ask(network, x, RowsOf(batch, steps, step => step.Row));
        var difference = NetworkOutput.Of(output, ReverseVariance.Fixed, batch.Clean.shape[1]).Mean - target;
        return new ObjectiveLosses(difference * difference * batch.PerPicture(steps, step => step.Weight));
    }

    /// <summary>The clean estimate that leads to the end of each step at once.</summary>
    internal Tensor Target(ObjectiveBatch batch, DistillationStep[] steps, Tensor x)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var first = FirstEstimates(batch, steps, x);

        // [Song21DDIM, Eq. 12]
        var middle = (batch.PerPicture(steps, step => step.Middle.Sigma / step.From.Sigma) * x)
            + (batch.PerPicture(steps, step => DistillationStep.GainOf(step.From, step.Middle)) * first);

        // Where the first step goes all the way the second estimate has no share, so any level will do: not the clean
        // one, at which some networks cannot be asked.
        var at = new Query(this, batch, Array.ConvertAll(steps, step => step.IsLast ? step.From : step.Middle));
        var rows = RowsOf(batch, steps, step => step.IsTaught ? step.Row : step.Row + 1);
        var second = Clamp(at.CleanOf(middle, at.Ask(network, middle, rows)));
        var target = (batch.PerPicture(steps, step => step.Shares.First) * first)
            + (batch.PerPicture(steps, step => step.Shares.Second) * second);
        return target.MoveToOuterDisposeScope();
    }

    // The teacher's, or those of the student at twice as many steps.
    private Tensor FirstEstimates(ObjectiveBatch batch, DistillationStep[] steps, Tensor x)
    {
        var order = Enumerable.Range(0, steps.Length).OrderBy(i => steps[i].IsTaught ? 0 : 1).ToArray();
        var taught = steps.Count(step => step.IsTaught);
        var parts = new List<Tensor>();
        if (taught > 0)
        {
            parts.Add(Taught(batch, steps, x, order[..taught]));
        }

        if (taught < steps.Length)
        {
            var (pictures, mine) = Pick(batch, steps, order[taught..]);
            var at = new Query(this, batch, Array.ConvertAll(mine, step => step.From));
            var part = x.index_select(0, pictures);
            var rows = RowsOf(batch, mine, step => step.Row + 1, pictures);
            parts.Add(Clamp(at.CleanOf(part, at.Ask(network, part, rows))));
        }

        var back = new long[steps.Length];
        for (var i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }

        return cat([.. parts], 0).index_select(0, tensor(back).to(batch.Device));
    }

    private Tensor Taught(ObjectiveBatch batch, DistillationStep[] steps, Tensor x, int[] which)
    {
        var (pictures, mine) = Pick(batch, steps, which);
        var at = new Query(this, batch, Array.ConvertAll(mine, step => step.From));
        var part = x.index_select(0, pictures);
        var labels = batch.Labels.index_select(0, pictures);
        var conditional = at.CleanOf(part, at.Ask(teacher, part, labels));
        if (_distillation.GuidanceScale == 1)
        {
            return Clamp(conditional);
        }

        // The last row of the teacher's class table stands for no class.
        var free = at.CleanOf(part, at.Ask(teacher, part, full_like(labels, classCount)));
        var scales = batch.PerPicture(mine, step =>
            _distillation.GuidanceInterval.Contains(step.From) ? _distillation.GuidanceScale : 1);
        return Clamp(free + (scales * (conditional - free)));
    }

    private static (Tensor Pictures, DistillationStep[] Steps) Pick(
        ObjectiveBatch batch, DistillationStep[] steps, int[] which) => (
            tensor(Array.ConvertAll(which, i => (long)i)).to(batch.Device),
            Array.ConvertAll(which, i => steps[i]));

    private Tensor RowsOf(
        ObjectiveBatch batch, DistillationStep[] steps, Converter<DistillationStep, int> row, Tensor? pictures = null)
    {
        var offsets = tensor(Array.ConvertAll(steps, step => (long)row(step) * classCount)).to(batch.Device);
        return offsets + (pictures is null ? batch.Labels : batch.Labels.index_select(0, pictures));
    }

    private Tensor Clamp(Tensor clean) => clean.clamp(-_distillation.ClampLimit, _distillation.ClampLimit);

    // A batch at one level a picture, and what a network's answers there stand for.
    private sealed class Query
    {
        private readonly Tensor _cSkip;
        private readonly Tensor _cOut;
        private readonly Tensor _cIn;
        private readonly Tensor _times;

        public Query(DistillationObjective objective, ObjectiveBatch batch, NoiseLevel[] levels)
        {
            var schedule = objective.Schedule;
            var scalars = Array.ConvertAll(levels, level => Preconditioning.For(
                objective.Prediction, level, schedule.NetworkTime(level.Time)));
            _cSkip = batch.PerPicture(scalars, s => s.CSkip);
            _cOut = batch.PerPicture(scalars, s => s.COut);
            _cIn = batch.PerPicture(scalars, s => s.CIn);
            _times = tensor(Array.ConvertAll(scalars, s => (float)s.CNoise)).to(batch.Device);
        }

        public Tensor Ask(nn.Module<Tensor, Tensor, Tensor?, Tensor> network, Tensor x, Tensor labels) =>
            network.call(_cIn * x, _times, labels);

        // [Karras22, Eq. 7] and its inverse
        public Tensor CleanOf(Tensor x, Tensor output) => (_cSkip * x) + (_cOut * output);

        public Tensor OutputOf(Tensor x, Tensor clean) => (clean - (_cSkip * x)) / _cOut;
    }

    private PredictionType Prediction => options.Prediction;
}
