using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime;

/// <summary>Checks a request as a whole and turns it into a session's shape and a chain's settings.</summary>
internal sealed partial class TextureRequestResolver(UNetConfig config, ModelDescription model, int noiseThreads)
{
    /// <summary>The largest edge of a texture, in pixels.</summary>
    public const int MaxSize = 4096;

    private const int Channels = 3;

    private static readonly DdimSolver _ddim = new();

    public (SessionOptions Shape, ChainSettings Settings) Resolve(TextureRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        CheckSize(request.Width, nameof(request.Width));
        CheckSize(request.Height, nameof(request.Height));
        if (request.ReadyWithinTicks < 1)
        {
            throw new ArgumentException($"ReadyWithinTicks must be at least 1, not {request.ReadyWithinTicks}.");
        }

        Solver solver = request.Solver ?? model.DefaultSolver;
        int steps = StepsOf(request);
        NoiseSchedule schedule = request.Schedule ?? model.Schedule;
        NoiseLevel[] levels = !request.Times.IsEmpty ? StepGrid.Create(schedule, request.Times.Span)
            : request.Spacing is { } spacing ? StepGrid.Create(schedule, spacing, steps)
            : StepGrid.CreateDefault(schedule, solver, steps);
        CheckSolver(request, solver);
        if (request.EndTime is { } end)
        {
            StepGrid.EndAt(levels, schedule, end);
        }

        Span<NoiseLevel> grid = levels.AsSpan(FirstLevel(request, levels.Length - 1));
        NoiseLevel[] evaluations = solver.PlaceEvaluations(grid, schedule);
        int label = ResolveClass(request.ClassName, request.ClassLabel, nameof(request.ClassLabel));
        int second = ResolveSecondClass(request, solver, label);
        CheckDistilled(solver, grid, evaluations);
        bool isGuided = CheckGuidance(request.GuidanceScale, label, second);
        CheckControls(request, solver);
        SessionOptions shape = new()
        {
            Width = request.Width,
            Height = request.Height,
            Seamless = request.Seamless,
            Guided = isGuided,
            Mixed = second >= 0,

            // Every named solver's history, so that a change of solver keeps the session, its ring and what a renderer
            // imported.
            HistoryLength = Math.Max(SolverCatalog.MaxHistoryLength, solver.HistoryLength),
            NoiseThreads = noiseThreads,
        };
        ChainSettings settings = new()
        {
            Model = model,
            Solver = solver,
            Levels = evaluations,
            HasOneEvaluationAStep = !solver.IsInversion && grid.SequenceEqual(evaluations),
            HasModelTimes = request.Schedule is null,
            ClassLabel = label,
            SecondLabel = second,
            SecondWeight = second >= 0 ? request.SecondClassWeight ?? 0 : 0,
            SecondMask = second >= 0 ? request.SecondClassMask : default,
            Colours = request.Colours,
            GuidanceScale = isGuided ? request.GuidanceScale : 1,
            GuidanceInterval = request.GuidanceInterval,
            ThresholdRatio = request.ThresholdRatio is >= 0 and <= 1
                ? request.ThresholdRatio
                : throw new ArgumentException($"ThresholdRatio must be from 0 to 1, not {request.ThresholdRatio}."),
            ClampLimit = request.Clamp ? model.ClampLimit : float.PositiveInfinity,
            Noise = new NoiseSource(request.Seed, 0, request.OriginX, request.OriginY)
            {
                VariationSeed = request.VariationSeed,
                Variation = request.Variation,
            },
            Image = request.Image,
            Mask = CheckMask(request, solver),
        };
        return (shape, settings);
    }

    /// <summary>The steps that a request asks for, or the model's own.</summary>
    public int StepsOf(TextureRequest request) => request.Steps ?? model.DefaultSteps;

    /// <summary>What does not depend on how a request steps or what it starts from: its shape, class, guidance and
    /// clamp, with one step of DDIM.</summary>
    public (SessionOptions Shape, ChainSettings Settings) ResolveShape(TextureRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Resolve(request with
        {
            Solver = _ddim,
            Spacing = null,
            Steps = 1,
            Times = default,
            EndTime = null,
            Image = default,
            Mask = default,
            Strength = 1,
        });
    }

    private void CheckSize(int size, string name)
    {
        if (size <= 0 || size > MaxSize || size % config.Stride != 0)
        {
            throw new ArgumentException(
                $"{name} must be a multiple of {config.Stride} from {config.Stride} to {MaxSize}, not {size}.");
        }
    }

    // The property's name: ClassLabel, SecondClassLabel.
    private int ResolveClass(string? className, int? classLabel, string property)
    {
        if (className is { } name)
        {
            for (int label = 0; label < model.ClassNames.Count; label++)
            {
                if (string.Equals(model.ClassNames[label], name, StringComparison.OrdinalIgnoreCase))
                {
                    return classLabel is { } other && other != label
                        ? throw new ArgumentException(
                            $"Class '{name}' has label {label}, not {other}; give one of the two.")
                        : label;
                }
            }

            throw new ArgumentException(model.ClassNames.Count == 0
                ? $"Unknown class '{name}'; this network has no named classes."
                : $"Unknown class '{name}'; known are {string.Join(", ", model.ClassNames)}.");
        }

        int classCount = model.DistilledSteps.Count > 0
            ? model.ClassNames.Count
            : Math.Max(config.NumClassEmbeds, model.ClassNames.Count);
        if (classLabel is { } given)
        {
            // Guidance needs it, requests say "no class" by leaving the label out.
            if (given >= 0 && given == model.NullLabel)
            {
                throw new ArgumentException(
                    $"{property} {given} is the null class; leave {property} null for a texture of no class.");
            }

            int last = classCount - (model.NullLabel == classCount - 1 ? 2 : 1);
            return given >= 0 && given < classCount
                ? given
                : throw new ArgumentException(last < 0
                    ? $"{property} must be null, not {given}, for this network has no classes."
                    : $"{property} must be 0 to {last}, not {given}.");
        }

        return model.NullLabel >= 0 || classCount == 0
            ? model.NullLabel
            : throw new ArgumentException(
                $"This network needs a class; known are {string.Join(", ", model.ClassNames)}.");
    }

    private bool CheckGuidance(float scale, int label, int second)
    {
        if (!(scale >= 0 && float.IsFinite(scale)))
        {
            throw new ArgumentException($"GuidanceScale must be finite and at least 0, not {scale}.");
        }

        if (scale != 1 && model.NullLabel < 0)
        {
            throw new ArgumentException($"GuidanceScale must be 1, not {scale}, for this network has no null class.");
        }

        // Without a class both evaluations would be the same one.
        return scale != 1 && (label != model.NullLabel || second >= 0);
    }

    private void CheckSolver(TextureRequest request, Solver solver)
    {
        (double least, double most) = (request.GuidanceInterval.MinRatio, request.GuidanceInterval.MaxRatio);
        if (!(least >= 0 && most >= least))
        {
            throw new ArgumentException(
                $"GuidanceInterval must have 0 <= MinRatio <= MaxRatio, not {least} and {most}.");
        }

        if (solver.ReadsVariance && !model.PredictsVariance)
        {
            throw new ArgumentException(
                $"The solver '{solver.Name}' needs a network that predicts its variance; this one does not.");
        }

        if (solver.IsInversion && request.Image.IsEmpty)
        {
            throw new ArgumentException($"The solver '{solver.Name}' turns an image into noise and needs one.");
        }
    }

    // A clean estimate of a distilled network is where a step of DDIM leads to, which nothing else can be made of. A
    // solver may have another name for the same step.
    private void CheckDistilled(Solver solver, ReadOnlySpan<NoiseLevel> grid, ReadOnlySpan<NoiseLevel> evaluations)
    {
        if (model.DistilledSteps.Count > 0
            && (solver.IsInversion || !grid.SequenceEqual(evaluations) || !TakesDdimSteps(solver, evaluations)))
        {
            throw new ArgumentException(
                $"The solver '{solver.Name}' does not go with this network, which is distilled to steps of 'ddim': "
                + $"{string.Join(", ", model.DistilledSteps)} of them.");
        }
    }

    private static bool TakesDdimSteps(Solver solver, ReadOnlySpan<NoiseLevel> levels)
    {
        const double Rounding = 1e-6;
        for (int i = 0; i < levels.Length - 1; i++)
        {
            LinearStep step = solver.Plan(levels, i);
            LinearStep ddim = _ddim.Plan(levels, i);
            bool isSame = Math.Abs(step.Sample - ddim.Sample) < Rounding
                && Math.Abs(step.Denoised[0] - ddim.Denoised[0]) < Rounding
                && step is { Noise: 0, LearnedVariance: false, Langevin: 0 };
            for (int k = 1; k < LinearStep.MaxDenoised; k++)
            {
                isSame &= step.Denoised[k] == 0 && step.EarlierSamples[k - 1] == 0;
            }

            if (!isSame)
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlyMemory<float> CheckMask(TextureRequest request, Solver solver)
    {
        if (request.Mask.IsEmpty)
        {
            return default;
        }

        if (request.Image.IsEmpty)
        {
            throw new ArgumentException("A request with a Mask needs an Image, of which it tells what is kept.");
        }

        if (solver.IsInversion)
        {
            throw new ArgumentException(
                $"The solver '{solver.Name}' turns a whole image into noise; the request must have no Mask.");
        }

        CheckWeights(request.Mask.Span, request, "The mask", "the mask");
        return request.Mask;
    }

    private static int FirstLevel(TextureRequest request, int stepCount)
    {
        if (request.Image.IsEmpty)
        {
            return request.Strength == 1
                ? 0
                : throw new ArgumentException(
                    $"Strength must be 1, not {request.Strength}, for a request without an Image.");
        }

        int length = Channels * request.Width * request.Height;
        if (request.Image.Length != length)
        {
            throw new ArgumentException($"The image holds {request.Image.Length} values; 3·Height·Width is {length}.");
        }

        if (request.Image.Span.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is >= 0 and var place)
        {
            throw new ArgumentException(
                $"Value {place} of the image is {request.Image.Span[place]}; it must be finite.");
        }

        return request.Strength is > 0 and <= 1
            ? stepCount - Math.Max(1, (int)Math.Round(request.Strength * stepCount))
            : throw new ArgumentException($"Strength must be above 0 and at most 1, not {request.Strength}.");
    }
}
