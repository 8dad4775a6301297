namespace Diffusion.Runtime.Tests.Telemetry;

/// <summary>Meter and event source belong to the process: while they are watched, no other test may tick.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessTelemetry
{
    public const string Name = "telemetry";
}
