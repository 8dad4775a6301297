using Diffusion.Runtime.Denoising;

namespace Diffusion.Torch.Training;

/// <summary>What a student of few steps is taught.</summary>
/// <remarks>Immutable; validated by <see cref="Trainer"/>.</remarks>
public sealed record DistillationOptions
{
    /// <summary>
    /// Numbers of steps that the student shall sample in, rising, each twice the one before. Default 1, 2, 4.
    /// </summary>
    public IReadOnlyList<int> StepCounts { get; init; } = [1, 2, 4];

    /// <summary>The teacher's DDIM steps from noise to image; a multiple of the last of the step counts.</summary>
    public int TeacherSteps { get; init; } = 16;

    /// <summary>The teacher's guidance, at least 0, which the student then has built in; 1 is none.</summary>
    public double GuidanceScale { get; init; } = 3;

    /// <summary>The levels of noise at which the teacher is guided. Default all. [Kynkaanniemi24]</summary>
    public GuidanceInterval GuidanceInterval { get; init; } = GuidanceInterval.All;

    /// <summary>The limit that clean estimates are clamped to on the way to a target; above 0.</summary>
    public double ClampLimit { get; init; } = 1;

    /// <summary>The first rule that is broken, with the values, as a sentence; null when none is.</summary>
    public string? FindProblem()
    {
        var doubles = StepCounts.Zip(StepCounts.Skip(1), (fewer, more) => more == 2L * fewer);
        if (StepCounts.Count == 0 || StepCounts[0] < 1 || doubles.Contains(false))
        {
            return "The student's steps must be a positive number or several, each twice the one before, such as "
                + $"1,2,4, not '{string.Join(",", StepCounts)}'.";
        }

        return TeacherSteps < StepCounts[^1] || TeacherSteps % StepCounts[^1] != 0 || TeacherSteps > 1000
            ? $"The teacher's steps must be a multiple of {StepCounts[^1]}, the student's, up to 1000, "
                + $"not {TeacherSteps}."
            : !(GuidanceScale >= 0 && double.IsFinite(GuidanceScale))
            ? $"The guidance must be finite and at least 0, not {GuidanceScale}."
            : !(GuidanceInterval.MinRatio >= 0 && GuidanceInterval.MinRatio <= GuidanceInterval.MaxRatio)
            ? "The guidance interval must have 0 <= MinRatio <= MaxRatio, not "
                + $"{GuidanceInterval.MinRatio} and {GuidanceInterval.MaxRatio}."
            : ClampLimit > 0 ? null : $"The clamp limit must be above 0, not {ClampLimit}.";
    }
}
