namespace Diffusion.Cli.Reporting;

/// <summary>What the runtime costs its host, as means over the frames in milliseconds.</summary>
/// <param name="WorkMs">The work that the host was asked to do in a frame.</param>
/// <param name="OffMs">A frame without the runtime.</param>
/// <param name="OnMs">A frame with it.</param>
/// <param name="DifferenceMs">One less the other: what it really costs, harm to the host's own work included.</param>
/// <param name="TickMs">The ticks alone.</param>
internal sealed record HostCostReport(double WorkMs, double OffMs, double OnMs, double DifferenceMs, double TickMs);
