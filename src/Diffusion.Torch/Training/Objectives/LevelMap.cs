using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// From drawn times in [0, 1) to the levels of a schedule: the table's entries, all its times, or EDM's.
/// </summary>
/// <remarks>Immutable; any thread.</remarks>
internal sealed class LevelMap
{
    private const int ContinuousBinCount = 1000;

    // [Karras22, Table 1] ln σ ~ N(P_mean, P_std²)
    private const double MeanLogSigma = -1.2;
    private const double DeviationLogSigma = 1.2;

    private readonly TrainingLevel[]? _table;
    private readonly bool _isLogNormal;

    public LevelMap(NoiseSchedule schedule, TrainingObjective objective)
    {
        Schedule = schedule;
        _isLogNormal = objective == TrainingObjective.Edm;
        if (schedule.TableLength is { } length)
        {
            _table = [.. Enumerable.Range(0, length).Select(index => At(schedule.MinTime + index, index, length))];
        }
    }

    /// <summary>The schedule whose levels these are.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>Entries of the table, or as many bins as others divide continuous time into.</summary>
    public int BinCount => _table?.Length ?? ContinuousBinCount;

    /// <summary>The table's levels, cleanest first; empty for a continuous schedule.</summary>
    public IReadOnlyList<TrainingLevel> Table => _table ?? [];

    /// <summary>The level at a drawn time.</summary>
    /// <param name="unit">In [0, 1).</param>
    public TrainingLevel At(double unit)
    {
        if (_table is not null)
        {
            return _table[Math.Min((int)(unit * _table.Length), _table.Length - 1)];
        }

        var range = Schedule.MaxTime - Schedule.MinTime;
        var time = _isLogNormal
            ? Math.Exp(MeanLogSigma + (DeviationLogSigma * NormalQuantile(unit)))
            : Schedule.MinTime + (unit * range);
        return At(Math.Clamp(time, Schedule.MinTime, Schedule.MaxTime), 0, range);
    }

    private static double NormalQuantile(double probability)
    {
        using var scope = NewDisposeScope();
        var inner = Math.Clamp(probability, 1e-12, 1 - 1e-12);
        return Math.Sqrt(2) * tensor(new[] { (2 * inner) - 1 }).erfinv().item<double>();
    }

    private TrainingLevel At(double time, int index, double range) =>
        new(Schedule.At(time), Schedule.NetworkTime(time), index, range);
}
