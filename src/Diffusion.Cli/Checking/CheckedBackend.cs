namespace Diffusion.Cli.Checking;

/// <summary>A place where the network can run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Whether it is there and works.</param>
/// <param name="Reason">Why it is not there or what went wrong; else what was tested.</param>
/// <param name="StepMs">Milliseconds of a step at the model's own size, where it ran.</param>
/// <param name="RmsDifference">Root mean square of the sample's difference from that of the first backend that works, on
/// [-1, 1]; of that backend itself, between two runs.</param>
internal sealed record CheckedBackend(
    string Name, CheckState State, string Reason, double? StepMs = null, double? RmsDifference = null);
