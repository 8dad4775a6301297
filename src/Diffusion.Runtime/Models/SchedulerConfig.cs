using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Models;

/// <summary>
/// What <c>scheduler/scheduler_config.json</c> says of the noise a network was trained on; names and defaults are
/// diffusers'.
/// </summary>
/// <remarks>
/// Immutable; validated by <see cref="ModelFolder"/>. How diffusers samples is <see cref="Sampler"/>.
/// </remarks>
public sealed record SchedulerConfig
{
    /// <summary>Entries of the β table, T; 2 to 100,000.</summary>
    public int NumTrainTimesteps { get; init; } = 1000;

    /// <summary>
    /// β_0, in (0, 1), 0.00085 by default for Heun's scheduler; not used by <c>squaredcos_cap_v2</c>.
    /// </summary>
    public double BetaStart { get; init; } = 1e-4;

    /// <summary>
    /// β_(T-1), in (0, 1), 0.012 by default for Heun's scheduler; not used by <c>squaredcos_cap_v2</c>.
    /// </summary>
    public double BetaEnd { get; init; } = 0.02;

    /// <summary><c>linear</c>, <c>scaled_linear</c> (linear in √β) or <c>squaredcos_cap_v2</c> (cosine).</summary>
    public string BetaSchedule { get; init; } = "linear";

    /// <summary>The β table itself, which then overrides the four above; null in most checkpoints.</summary>
    public IReadOnlyList<double>? TrainedBetas { get; init; }

    /// <summary>What the network predicts.</summary>
    public PredictionType Prediction { get; init; } = PredictionType.Epsilon;

    /// <summary>
    /// Whether diffusers clamps the clean estimate; false for the schedulers that cannot, and Heun's default.
    /// </summary>
    public bool ClipSample { get; init; } = true;

    /// <summary>The limit it clamps to; above 0.</summary>
    public double ClipSampleRange { get; init; } = 1;

    /// <summary>Whether the table is rescaled to end in pure noise. [Lin23, Alg. 1]</summary>
    public bool RescaleBetasZeroSnr { get; init; }

    /// <summary>EDM's noise instead of a β table, or null.</summary>
    public EdmNoise? Edm { get; init; }

    /// <summary>How diffusers samples the network.</summary>
    public SamplerConfig Sampler { get; init; } = new();

    /// <summary>The schedule of these β's.</summary>
    /// <exception cref="ArgumentException">A value breaks a rule above, which <see cref="ModelFolder"/> would have
    /// refused.</exception>
    public NoiseSchedule CreateSchedule()
    {
        if (Edm is { } edm)
        {
            return new EdmSchedule(edm.SigmaMin, edm.SigmaMax);
        }

        Schedules.BetaSchedule table =
            TrainedBetas is { } betas ? new Schedules.BetaSchedule("trained", [.. betas]) : CreateNamedTable();
        return RescaleBetasZeroSnr ? table.RescaleToZeroTerminalSnr() : table;
    }

    private Schedules.BetaSchedule CreateNamedTable() => BetaSchedule switch
    {
        "linear" => NoiseSchedules.Linear(NumTrainTimesteps, BetaStart, BetaEnd),
        "scaled_linear" => NoiseSchedules.ScaledLinear(NumTrainTimesteps, BetaStart, BetaEnd),
        "squaredcos_cap_v2" => NoiseSchedules.Cosine(NumTrainTimesteps),
        _ => throw new ArgumentException(
            $"Unknown β schedule '{BetaSchedule}'; known are linear, scaled_linear, squaredcos_cap_v2."),
    };
}
