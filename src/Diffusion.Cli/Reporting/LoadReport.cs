namespace Diffusion.Cli.Reporting;

/// <summary>A run whose middle third ran beside a process that burnt a core; figures of frames with a choice.</summary>
/// <param name="BeginFrame">The first frame under load.</param>
/// <param name="EndFrame">The first frame after it.</param>
/// <param name="Before">Frames before the load.</param>
/// <param name="During">Frames under load.</param>
/// <param name="After">Frames after the load.</param>
/// <param name="RecoveryFrames">Frames after the load until utilization was back; -1 when it never was.</param>
internal sealed record LoadReport(
    int BeginFrame, int EndFrame, PhaseReport Before, PhaseReport During, PhaseReport After, int RecoveryFrames);
