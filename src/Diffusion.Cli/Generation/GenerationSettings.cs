using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Generation;

/// <summary>What <see cref="GenerationOptions"/> read, not yet checked against a model.</summary>
internal sealed record GenerationSettings
{
    /// <summary>Model folder, or null for the shipped one.</summary>
    public string? Model { get; init; }

    /// <summary>Backend name.</summary>
    public string Backend { get; init; } = "torch";

    /// <summary>How the compute backend keeps weights and activations.</summary>
    public string Precision { get; init; } = LoadedModel.FullPrecision;

    /// <summary>Class, or null for the first.</summary>
    public string? ClassName { get; init; }

    /// <summary>Seed of the noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Solver steps, or null for what suits the model.</summary>
    public int? Steps { get; init; }

    /// <summary>Solver steps where neither <see cref="Steps"/> nor a distilled model says how many.</summary>
    public int DefaultSteps { get; init; } = ModelDescription.UndistilledSteps;

    /// <summary>Solver name, or null for what suits the model.</summary>
    public string? Solver { get; init; }

    /// <summary>DDIM's η, or null for what the solver has.</summary>
    public double? Eta { get; init; }

    /// <summary>EDM's S_churn, or null for what the solver has.</summary>
    public double? Churn { get; init; }

    /// <summary>Tolerance of the adaptive solver; null where a chain runs, which cannot adapt.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Schedule name, or null for the model's.</summary>
    public string? Schedule { get; init; }

    /// <summary>Spacing name, or null for the solver's default.</summary>
    public string? Spacing { get; init; }

    /// <summary>Guidance scale, 1 for none, or null for the model's default.</summary>
    public float? GuidanceScale { get; init; }

    /// <summary>Where guidance applies.</summary>
    public GuidanceInterval GuidanceInterval { get; init; } = GuidanceIntervals.Default;
}
