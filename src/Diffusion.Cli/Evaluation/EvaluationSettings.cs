using Diffusion.Torch.Likelihood;
using static TorchSharp.torch;

namespace Diffusion.Cli.Evaluation;

/// <summary>What <c>evaluate</c> was asked for.</summary>
internal sealed record EvaluationSettings
{
    public required EvaluationKind Kind { get; init; }

    public required string Model { get; init; }

    public required string Data { get; init; }

    /// <summary>Pictures, spread evenly over the set.</summary>
    public required int Count { get; init; }

    /// <summary>Levels of the chain or of the curve; null for all of the bound, 100 of the curve.</summary>
    public int? Steps { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Variance of the bound's steps; null for the model's own.</summary>
    public StepVariance? Variance { get; init; }

    public required TraceProbe Probe { get; init; }

    /// <summary>How the flow makes bytes continuous.</summary>
    public Dequantization Dequantization { get; init; }

    /// <summary>Of the ODE solver.</summary>
    public required double Tolerance { get; init; }

    /// <summary>Pictures evaluated together.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Whether the network wraps around the canvas; null for how this program trains its kind.</summary>
    public bool? Seamless { get; init; }

    public required Device Device { get; init; }
}
