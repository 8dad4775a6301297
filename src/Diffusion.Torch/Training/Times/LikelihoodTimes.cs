using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Torch.Training.Times;

/// <summary>
/// t ~ r(t) ∝ λ(t)/σ(t)² for the likelihood weighting λ = g², spread evenly over the quantiles of r.
/// [Song21ML]
/// </summary>
/// <remarks>
/// Score matching's target has variance 1/σ², so λ/(σ²·r) is a constant, and with it the size of the weighted loss. As
/// g²/σ² is the rate at which the log-SNR falls, quantiles of r in continuous time are even steps of the log-SNR.
/// </remarks>
internal sealed class LikelihoodTimes : TimeSampler
{
    private readonly LowDiscrepancyTimes _quantiles = new();
    private readonly Converter<TimeDraw, TimeDraw> _inverse;

    public LikelihoodTimes(LevelMap levels)
    {
        if (levels.Table.Count == 0)
        {
            var schedule = levels.Schedule;
            _inverse = draw => AtLogSnr(schedule, draw.Unit);
            return;
        }

        var density = new BinnedDensity(
            [.. levels.Table.Select(entry => entry.Level.DiffusionSquared / (entry.Level.Sigma * entry.Level.Sigma))]);
        _inverse = draw => density.At(draw.Unit);
    }

    /// <inheritdoc/>
    public override TimeDraw[] Draw(int count, ref CounterRandom random) =>
        Array.ConvertAll(_quantiles.Draw(count, ref random), _inverse);

    private static TimeDraw AtLogSnr(NoiseSchedule schedule, double quantile)
    {
        var (first, last) = (schedule.At(schedule.MinTime).Lambda, schedule.At(schedule.MaxTime).Lambda);
        var time = schedule.TimeAtLambda(first + (quantile * (last - first)));
        var range = schedule.MaxTime - schedule.MinTime;
        var density = schedule.LambdaDerivative(time) * range / (last - first);
        return new TimeDraw((time - schedule.MinTime) / range, 1 / density);
    }
}
