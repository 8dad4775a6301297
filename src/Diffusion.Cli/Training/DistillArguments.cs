using System.CommandLine;
using System.Globalization;
using Diffusion.Cli.Generation;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Cli.Training;

/// <summary>The options of <c>train</c> that teach a network of few steps by one that is trained already.</summary>
internal static class DistillArguments
{
    private const float MaxGuidance = 100;

    private static readonly DistillationOptions _defaults = new();

    private static readonly Option<string?> _teacher = new("--distill")
    {
        Description = "Model folder of a teacher: trains a copy of its network to sample in few steps, with guidance "
            + "built in.",
        HelpName = "DIR",
    };

    private static readonly Option<string?> _steps = new("--student-steps")
    {
        Description = "Steps that the student samples in, each twice the one before. "
            + $"[default: {Join(_defaults.StepCounts)}]",
        HelpName = "N,N,..",
    };

    private static readonly Option<int?> _teacherSteps = new Option<int?>("--teacher-steps")
    {
        Description = $"DDIM steps of the teacher, a multiple of the student's. [default: {_defaults.TeacherSteps}]",
        HelpName = "N",
    }.Within(1, 1000);

    private static readonly Option<float?> _guidance = new Option<float?>("--guidance")
    {
        Description = $"The teacher's guidance, which the student has built in. [default: {_defaults.GuidanceScale}]",
        HelpName = "W",
    }.Within(0, MaxGuidance);

    private static readonly Option<string?> _guidanceInterval = new("--guidance-interval")
    {
        Description = "Levels of noise (sigma over alpha) at which the teacher is guided: A..B, or all. "
            + $"[default: {GuidanceIntervals.Format(GuidanceIntervals.Default)}]",
        HelpName = "A..B",
    };

    static DistillArguments()
    {
        OptionRules.RequireText(_teacher);
        OptionRules.RequireText(_steps);
    }

    /// <summary>All of them, for the command.</summary>
    public static IReadOnlyList<Option> All => [_teacher, _steps, _teacherSteps, _guidance, _guidanceInterval];

    /// <summary>Whether a teacher is named.</summary>
    public static bool IsAsked(ParseResult parsed) => parsed.GetValue(_teacher) is not null;

    /// <summary>Refuses the others of <see cref="All"/> where no teacher is named.</summary>
    /// <exception cref="UserErrorException">One of them is given.</exception>
    public static void RequireTeacher(ParseResult parsed)
    {
        if (!IsAsked(parsed))
        {
            OptionRules.RefuseGiven(parsed, All, $"goes with {_teacher.Name}.");
        }
    }

    /// <summary>The run's settings: network, schedule and prediction are the teacher's.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">What else was asked for.</param>
    /// <param name="canvas">Edge of the training pictures, or null for the teacher's.</param>
    /// <param name="ofTheTeacher">Options that the teacher decides.</param>
    /// <exception cref="UserErrorException">Some of it does not go together.</exception>
    public static RunSettings SettingsOf(
        ParseResult parsed, TrainingOptions options, int? canvas, IEnumerable<Option> ofTheTeacher)
    {
        OptionRules.RefuseGiven(parsed, ofTheTeacher, $"cannot go with {_teacher.Name}: the teacher decides it.");
        var folder = ModelFolder.Open(parsed.GetValue(_teacher)!);
        var distillation = new DistillationOptions
        {
            StepCounts = parsed.GetValue(_steps) is { } steps ? CountsOf(steps) : _defaults.StepCounts,
            TeacherSteps = parsed.GetValue(_teacherSteps) ?? _defaults.TeacherSteps,
            GuidanceScale = parsed.GetValue(_guidance) ?? _defaults.GuidanceScale,
            GuidanceInterval = GuidanceIntervals.Parse(parsed.GetValue(_guidanceInterval), _guidanceInterval.Name),
            ClampLimit = folder.Description.ClampLimit,
        };
        options = options with
        {
            Objective = TrainingObjective.Distillation,
            LabelDropout = 0,
            Distillation = distillation,
        };
        var settings = RunSettings.OfModel(folder, canvas, options) with { Teacher = ModelReference.Of(folder) };
        var problem = TrainingRules.FindProblem(settings.Options, folder.Description.Schedule)
            ?? FindProblem(folder, distillation.GuidanceScale, settings);
        return problem is null
            ? settings with
            {
                Network = Student.ConfigOf(folder.Config, folder.ClassNames.Count, distillation.StepCounts.Count),
            }
            : throw new UserErrorException(problem);
    }

    private static string? FindProblem(ModelFolder folder, double guidance, RunSettings settings) =>
        folder.ClassNames.Count == 0
            ? $"The teacher '{folder.Path}' has no classes; the student is told by them in how many steps it samples."
        : folder.Scheduler.Sampler.DistilledSteps.Count > 0
            ? $"The teacher '{folder.Path}' is itself a student of few steps."
        : folder.NullLabel < 0 && guidance != 1
            ? $"--guidance must be 1, not {guidance}, for the teacher has no null class."
        : folder.Description.PredictsVariance
            ? $"The teacher '{folder.Path}' predicts a variance, which a student of few steps has no use for."
        : !ExportCommand.IsNoiseOf(folder, settings)
            ? $"The teacher's noise is none of linear, scaled-linear, cosine and cosine-zero-snr as 'train' has them."
        : null;

    private static int[] CountsOf(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var counts = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out counts[i]))
            {
                throw new UserErrorException(
                    $"{_steps.Name} '{text}' must list whole numbers, such as {Join(_defaults.StepCounts)}.");
            }
        }

        return counts;
    }

    private static string Join(IEnumerable<int> counts) => string.Join(",", counts);
}
