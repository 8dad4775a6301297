using Diffusion.Runtime.Schedules;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>From drawn times in [0, 1) to the steps that a student is taught.</summary>
/// <remarks>
/// Half of the pictures go to the largest number of steps, which alone meets the teacher, at every one of the teacher's
/// levels; the others to the smaller numbers, which only ever see the levels where their steps begin. Immutable; any
/// thread.
/// </remarks>
internal sealed class DistillationGrid
{
    private const double TaughtShare = 0.5;

    private readonly IReadOnlyList<int> _stepCounts;
    private readonly NoiseLevel[] _levels;

    public DistillationGrid(NoiseSchedule schedule, DistillationOptions options)
    {
        _stepCounts = options.StepCounts;
        _levels = StepGrid.Create(schedule, StepSpacing.Trailing, options.TeacherSteps);
    }

    /// <summary>The step at a drawn time.</summary>
    /// <param name="unit">In [0, 1).</param>
    public DistillationStep At(double unit)
    {
        var last = _stepCounts.Count - 1;
        if (last == 0 || unit < TaughtShare)
        {
            return TaughtAt(last == 0 ? unit : unit / TaughtShare);
        }

        var place = (unit - TaughtShare) / (1 - TaughtShare) * last;
        var row = Math.Min((int)place, last - 1);
        return HalvedAt(row, place - row);
    }

    // From any of the teacher's levels to the end of the student's step around it, by way of the teacher's next level.
    private DistillationStep TaughtAt(double unit)
    {
        var count = _levels.Length - 1;
        var from = Math.Min((int)(unit * count), count - 1);
        var length = count / _stepCounts[^1];
        var to = ((from / length) + 1) * length;
        return new(_stepCounts.Count - 1, true, _levels[from], _levels[from + 1], _levels[to], 1);
    }

    // A whole step, by way of two of half its length.
    private DistillationStep HalvedAt(int row, double unit)
    {
        var length = (_levels.Length - 1) / _stepCounts[row];
        var from = Math.Min((int)(unit * _stepCounts[row]), _stepCounts[row] - 1) * length;
        var share = (double)_stepCounts[row] / _stepCounts[^1];
        return new(row, false, _levels[from], _levels[from + (length / 2)], _levels[from + length], share * share);
    }
}
