using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Chains;

/// <summary>What a chain computes: levels, solver, conditioning and noise.</summary>
/// <remarks>Immutable; any thread.</remarks>
public sealed record ChainSettings
{
    /// <summary>What the network predicts, and on which schedule it was trained.</summary>
    public required ModelDescription Model { get; init; }

    /// <summary>The solver; its history must fit the session's.</summary>
    public required Solver Solver { get; init; }

    /// <summary>
    /// The level of each evaluation and of the result, as <see cref="Solver.PlaceEvaluations"/> gives them for a grid;
    /// a later part of a grid starts an image there.
    /// </summary>
    public required ReadOnlyMemory<NoiseLevel> Levels { get; init; }

    /// <summary>
    /// Whether each of <see cref="Levels"/> ends a step, so that a chain may leave some out; not so for a solver that
    /// evaluates the network between its steps. Default false.
    /// </summary>
    public bool HasOneEvaluationAStep { get; init; }

    /// <summary>
    /// Whether the levels' times are those of the model's own schedule; if not, the network's time is found through the
    /// log-SNR.
    /// </summary>
    public bool HasModelTimes { get; init; } = true;

    /// <summary>The class, or -1 for a network without classes.</summary>
    public int ClassLabel { get; init; } = -1;

    /// <summary>
    /// The class that is mixed in, or -1 for none: then, and only then, the session is not <see
    /// cref="SessionOptions.Mixed"/>.
    /// </summary>
    public int SecondLabel { get; init; } = -1;

    /// <summary>The second class's share of the estimates, in [0, 1], where there is no <see
    /// cref="SecondMask"/>.</summary>
    public float SecondWeight { get; init; }

    /// <summary>
    /// Empty, or its share for each pixel, [H, W] in [0, 1]; read when the chain's first slice runs, or the first after
    /// <see cref="DiffusionChain.Retarget"/>.
    /// </summary>
    public ReadOnlyMemory<float> SecondMask { get; init; }

    /// <summary>The colours that clean estimates are given, or null for their own.</summary>
    public ColourTarget? Colours { get; init; }

    /// <summary>w of classifier-free guidance; 1 is none. [HoSalimans22, Eq. 6]</summary>
    public float GuidanceScale { get; init; } = 1;

    /// <summary>The noise levels at which guidance applies; by default all.</summary>
    public GuidanceInterval GuidanceInterval { get; init; } = GuidanceInterval.All;

    /// <summary>Clean estimates are clamped to [-limit, limit]; infinity leaves them alone.</summary>
    public float ClampLimit { get; init; } = float.PositiveInfinity;

    /// <summary>
    /// Above 0, dynamic thresholding by that share of |D| in place of the clamp. [Saharia22, Sec. 2.3]
    /// </summary>
    public float ThresholdRatio { get; init; }

    /// <summary>The noise function.</summary>
    public NoiseSource Noise { get; init; }

    /// <summary>
    /// Empty, or planar [3, H, W] float32 in [-1, 1] to start from; read when the chain's first slice runs.
    /// </summary>
    public ReadOnlyMemory<float> Image { get; init; }

    /// <summary>
    /// Empty, or [H, W] float32 in [0, 1] with an image: 0 where its pixels are kept, 1 where they are painted anew;
    /// both are read at every step.
    /// </summary>
    public ReadOnlyMemory<float> Mask { get; init; }

    /// <summary>Whether guidance applies at a level.</summary>
    internal bool IsGuidedAt(NoiseLevel level) => GuidanceScale != 1 && GuidanceInterval.Contains(level);

    /// <summary>At how many of some levels guidance applies.</summary>
    internal int CountGuided(ReadOnlySpan<NoiseLevel> levels)
    {
        int count = 0;
        foreach (NoiseLevel level in levels)
        {
            count += IsGuidedAt(level) ? 1 : 0;
        }

        return count;
    }

    /// <summary>These levels and what is kept, with what another image asks of the network.</summary>
    /// <param name="other">Its classes, guidance, colours, clamp and noise are taken.</param>
    internal ChainSettings Towards(ChainSettings other) => this with
    {
        ClassLabel = other.ClassLabel,
        SecondLabel = other.SecondLabel,
        SecondWeight = other.SecondWeight,
        SecondMask = other.SecondMask,
        Colours = other.Colours,
        GuidanceScale = other.GuidanceScale,
        GuidanceInterval = other.GuidanceInterval,
        ClampLimit = other.ClampLimit,
        ThresholdRatio = other.ThresholdRatio,
        Noise = other.Noise,
    };

    /// <summary>What the network is asked at a level.</summary>
    /// <param name="level">The level.</param>
    /// <param name="next">Where the step that follows ends.</param>
    internal Evaluation EvaluationAt(NoiseLevel level, NoiseLevel next)
    {
        Preconditioning preconditioning = HasModelTimes
            ? Preconditioning.For(Model.Prediction, level, Model.Schedule.NetworkTime(level.Time), Model.SigmaData)
            : Preconditioning.Across(Model.Prediction, level, Model.Schedule, Model.SigmaData);
        return new Evaluation(
            preconditioning,
            DistilledSteps.LabelOf(Model, ClassLabel, level, next),
            Model.NullLabel,
            IsGuidedAt(level) ? GuidanceScale : 1,
            ClampLimit,
            ThresholdRatio)
        {
            SecondLabel = SecondLabel < 0 ? -1 : DistilledSteps.LabelOf(Model, SecondLabel, level, next),
            SecondWeight = SecondWeight,
            Colours = Colours,
        };
    }
}
