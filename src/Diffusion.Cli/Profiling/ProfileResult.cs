using Diffusion.Cli.Reporting;

namespace Diffusion.Cli.Profiling;

/// <summary>Everything that a profile measured.</summary>
internal sealed record ProfileResult
{
    /// <summary>What was asked.</summary>
    public required ProfileSettings Settings { get; init; }

    /// <summary>The report that <c>report.json</c> holds.</summary>
    public required FrameReport Report { get; init; }

    /// <summary>The policies' runs, in order.</summary>
    public required IReadOnlyList<PolicyRun> Runs { get; init; }

    /// <summary>The host alone, over the same frames.</summary>
    public required PolicyRun Off { get; init; }

    /// <summary>The mean cost of slices and steps before the runs.</summary>
    public required SliceSurvey Survey { get; init; }
}
