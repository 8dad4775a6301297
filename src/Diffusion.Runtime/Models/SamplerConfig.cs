using Diffusion.Runtime.Models.Configuration;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Models;

/// <summary>
/// What <c>scheduler/scheduler_config.json</c> says of sampling, apart from the noise of training: which of diffusers'
/// schedulers it is, and the keys that steer it. Names and defaults are diffusers'.
/// </summary>
/// <remarks>
/// Immutable. A value that no solver here has is kept, and refused by <see cref="CreateSolver"/>: the network can still
/// be sampled with another.
/// </remarks>
public sealed record SamplerConfig
{
    /// <summary>diffusers' scheduler class.</summary>
    public string ClassName { get; init; } = "DDPMScheduler";

    /// <summary>Variance of an ancestral step: <c>fixed_small</c>, <c>fixed_large</c>, <c>learned_range</c>.</summary>
    public string VarianceType { get; init; } = "fixed_small";

    /// <summary>Order of DPM-Solver++ and UniPC.</summary>
    public int SolverOrder { get; init; } = 2;

    /// <summary><c>dpmsolver++</c> or <c>sde-dpmsolver++</c>.</summary>
    public string AlgorithmType { get; init; } = "dpmsolver++";

    /// <summary>
    /// Whether the last steps of DPM-Solver++ (the last two of fewer than 15, in its multistep form) and of UniPC have
    /// lower orders; the one onto the clean image is of order 1 always, and UniPC's before it of lower orders.
    /// </summary>
    public bool LowerOrderFinal { get; init; } = true;

    /// <summary>Whether the last step of multistep DPM-Solver++ is of order 1 wherever it ends.</summary>
    public bool EulerAtFinal { get; init; }

    /// <summary>Whether DDIM and PNDM end at the clean image, and not at the table's cleanest level.</summary>
    public bool SetAlphaToOne { get; init; } = true;

    /// <summary>
    /// Where the schedulers of σ end: <c>zero</c>, the clean image, or <c>sigma_min</c>, the cleanest level.
    /// </summary>
    public string FinalSigmasType { get; init; } = "zero";

    /// <summary>
    /// λ = ln(α/σ) below which DPM-Solver++ on a table begins no step; -∞, the default, leaves none out.
    /// </summary>
    public double LambdaMinClipped { get; init; } = double.NegativeInfinity;

    /// <summary>
    /// <c>midpoint</c> for DPM-Solver++, <c>bh1</c> or <c>bh2</c> for UniPC; null for the class's own default.
    /// </summary>
    public string? SolverType { get; init; }

    /// <summary>Whether UniPC predicts x_0; the other way is not supported.</summary>
    public bool PredictX0 { get; init; } = true;

    /// <summary>Whether PNDM leaves out its Runge–Kutta steps; with them it is not supported.</summary>
    public bool SkipPrkSteps { get; init; }

    /// <summary>How steps are placed: <c>leading</c>, <c>linspace</c> or <c>trailing</c>.</summary>
    public string TimestepSpacing { get; init; } = "leading";

    /// <summary>Added to the timesteps of <c>leading</c>, at least 0.</summary>
    public int StepsOffset { get; init; }

    /// <summary>Whether steps are placed evenly in σ^(1/7) instead.</summary>
    public bool UseKarrasSigmas { get; init; }

    /// <summary>Whether steps are placed evenly in ln σ, which is evenly in λ, instead.</summary>
    public bool UseExponentialSigmas { get; init; }

    /// <summary>Whether clean estimates are thresholded dynamically.</summary>
    public bool Thresholding { get; init; }

    /// <summary>The share of |D| that must fit the range when they are, in (0, 1].</summary>
    public double DynamicThresholdingRatio { get; init; } = 0.995;

    /// <summary>The largest threshold, at least 1; 1 leaves nothing of thresholding but a clamp to [-1, 1].</summary>
    public double SampleMaxValue { get; init; } = 1;

    /// <summary>
    /// The numbers of steps that a distilled network samples in, rising; empty for any other network. A key of this
    /// project.
    /// </summary>
    public IReadOnlyList<int> DistilledSteps { get; init; } = [];

    /// <summary>The first value of the file that no solver here does, or null.</summary>
    internal UnsupportedValue? Unsupported { get; init; }

    /// <summary>
    /// The share of |D| for dynamic thresholding as a request takes it: 0 where it is off, or is nothing but a clamp.
    /// </summary>
    public double CreateThresholdRatio() => Thresholding && SampleMaxValue > 1 ? DynamicThresholdingRatio : 0;

    /// <summary>Where the steps lie.</summary>
    public StepSpacing CreateSpacing() => UseKarrasSigmas ? StepSpacing.Karras
        : UseExponentialSigmas ? StepSpacing.LogSnr
        : StepSpacings.Parse(TimestepSpacing);

    /// <summary>
    /// Whether chains end at the schedule's cleanest level, <see cref="NoiseSchedule.MinTime"/>, and keep its noise.
    /// </summary>
    public bool EndsAtCleanestLevel => ClassName switch
    {
        "DDIMScheduler" or "DDIMParallelScheduler" or "PNDMScheduler" => !SetAlphaToOne,
        "DPMSolverMultistepScheduler" or "DPMSolverSinglestepScheduler" or "UniPCMultistepScheduler"
            or "EulerDiscreteScheduler" or "EDMEulerScheduler" or "EDMDPMSolverMultistepScheduler" =>
            FinalSigmasType == "sigma_min",
        _ => false,
    };

    /// <summary>The timesteps of a chain, as the scheduler places them in the table it was trained on.</summary>
    /// <param name="stepCount">N, from 1 to the levels of the table that are not clipped.</param>
    /// <param name="schedule">The table.</param>
    /// <returns>
    /// N times, falling; fewer with <see cref="LambdaMinClipped"/> on trailing, as diffusers has it; none where they
    /// are not placed by time (see <see cref="CreateSpacing"/>). A single step begins at the noisiest level here.
    /// </returns>
    /// <exception cref="ArgumentException">The table has not as many levels.</exception>
    public double[] CreateTimes(int stepCount, NoiseSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (UseKarrasSigmas || UseExponentialSigmas || schedule.TableLength is not { } tableLength)
        {
            return [];
        }

        int length = UnclippedLength(schedule, tableLength);
        if (stepCount < 1 || stepCount > length)
        {
            string reason = length < tableLength ? $"'lambda_min_clipped' {LambdaMinClipped} leaves" : "the table has";
            throw new ArgumentException(
                $"Steps must be 1 to {length}, not {stepCount}, for {reason} {length} levels.", nameof(stepCount));
        }

        if (stepCount == 1)
        {
            return [length - 1];
        }

        // Multistep schedulers place N + 1 points and drop the cleanest; the sigma schedulers do not round.
        bool isMultistep = ClassName is "DPMSolverMultistepScheduler" or "DPMSolverSinglestepScheduler"
            or "UniPCMultistepScheduler" or "DEISMultistepScheduler";
        bool isExact = ClassName is "EulerDiscreteScheduler" or "EulerAncestralDiscreteScheduler"
            or "HeunDiscreteScheduler";
        int points = isMultistep ? Math.Min(stepCount + 1, length) : stepCount;
        int ratio = length / points;
        int offset = ((points - 1) * ratio) + StepsOffset < tableLength ? StepsOffset : 0;
        double[] times = new double[stepCount];
        for (int i = 0; i < stepCount; i++)
        {
            int fromCleanest = points - 1 - i;
            double even = (double)fromCleanest / (points - 1) * (length - 1);
            times[i] = TimestepSpacing switch
            {
                "leading" => (fromCleanest * ratio) + offset,
                "linspace" => isExact ? even : Math.Round(even),
                _ => Math.Round(length - (i * (double)tableLength / stepCount)) - 1,
            };
        }

        // Trailing keeps the unclipped distance, and so may run out of levels before it has made N steps.
        return [.. times.TakeWhile(time => time >= 0)];
    }

    /// <summary>The solver that does what the scheduler does.</summary>
    /// <exception cref="NotSupportedException">There is none; the message names the key and its value.</exception>
    public Solver CreateSolver() => Unsupported is { } value
        ? throw Refused(value.Key, value.Value, value.Supported)
        : FindSolver();

    // The levels that are noisier than LambdaMinClipped lie at the table's end.
    private int UnclippedLength(NoiseSchedule schedule, int tableLength)
    {
        int length = tableLength;
        bool clips = ClassName is "DPMSolverMultistepScheduler" or "DPMSolverSinglestepScheduler";
        while (clips && length > 0 && schedule.At(length - 1).Lambda < LambdaMinClipped)
        {
            length--;
        }

        return length;
    }

    private Solver FindSolver() => ClassName switch
    {
        "DDPMScheduler" or "DDPMParallelScheduler" => new DdpmSolver(VarianceType switch
        {
            "fixed_small" or "fixed_small_log" => DdpmVariance.Small,
            "fixed_large" or "fixed_large_log" => DdpmVariance.Large,
            "learned_range" => DdpmVariance.Learned,
            _ => throw Refused("variance_type", VarianceType, "fixed_small, fixed_large and learned_range"),
        }),
        "DDIMScheduler" or "DDIMParallelScheduler" => new DdimSolver(),
        "PNDMScheduler" => SkipPrkSteps
            ? new PndmSolver()
            : throw Refused("skip_prk_steps", "false", "true"),
        "DPMSolverMultistepScheduler" or "EDMDPMSolverMultistepScheduler" =>
            new DpmSolverPlusPlusSolver(
                CheckedOrder(3), CheckedAlgorithm() == "sde-dpmsolver++", LowerOrderFinal, EulerAtFinal),
        "DPMSolverSinglestepScheduler" when CheckedAlgorithm() != "dpmsolver++" =>
            throw Refused("algorithm_type", AlgorithmType, "dpmsolver++"),
        "DPMSolverSinglestepScheduler" =>
            CheckedOrder(2) == 1
                ? new DpmSolverPlusPlusSolver(1)
                : new DpmSolverPlusPlus2SSolver(pairsSteps: true, LowerOrderFinal),
        "UniPCMultistepScheduler" => PredictX0
            ? new UniPcSolver(CheckedOrder(3), TypeOfUniPc() == "bh2", LowerOrderFinal)
            : throw Refused("predict_x0", "false", "true"),
        "EulerDiscreteScheduler" or "EDMEulerScheduler" => new EulerSolver(),
        "EulerAncestralDiscreteScheduler" => new EulerAncestralSolver(),
        "HeunDiscreteScheduler" => new HeunSolver(),
        _ => throw Refused("_class_name", ClassName, "other schedulers with a solver of ours"),
    };

    private int CheckedOrder(int max) => SolverOrder >= 1 && SolverOrder <= max
        ? SolverOrder
        : throw Refused("solver_order", $"{SolverOrder}", $"1 to {max}");

    // diffusers takes UniPC's types for midpoint here, and DPM-Solver++'s for bh2 there, as files that were made from
    // another scheduler's have them.
    private string CheckedAlgorithm()
    {
        if (SolverType is not (null or "midpoint" or "logrho" or "bh1" or "bh2"))
        {
            throw Refused("solver_type", SolverType, "midpoint");
        }

        return AlgorithmType is "dpmsolver++" or "sde-dpmsolver++" ? AlgorithmType
            : AlgorithmType == "deis" ? "dpmsolver++"
            : throw Refused("algorithm_type", AlgorithmType, "dpmsolver++ and sde-dpmsolver++");
    }

    private string TypeOfUniPc() => SolverType is "bh1" or "bh2" ? SolverType
        : SolverType is null or "midpoint" or "heun" or "logrho" ? "bh2"
        : throw Refused("solver_type", SolverType, "bh2 and bh1");

    private NotSupportedException Refused(string key, string value, string known) =>
        new($"The scheduler {ClassName} has '{key}' {value}, which no solver here does; supported: {known}.");
}
