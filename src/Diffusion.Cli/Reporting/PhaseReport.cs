namespace Diffusion.Cli.Reporting;

/// <summary>Figures of some of a run's frames.</summary>
/// <param name="Frames">How many.</param>
/// <param name="TickMs">What their ticks took.</param>
/// <param name="Overrun">What they took beyond the budget; its ratio is of these frames.</param>
/// <param name="Utilization">Time used over time offered while work was waiting.</param>
internal sealed record PhaseReport(int Frames, Percentiles TickMs, OverrunReport Overrun, double Utilization);
