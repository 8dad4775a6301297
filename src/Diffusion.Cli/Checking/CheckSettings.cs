namespace Diffusion.Cli.Checking;

/// <summary>What the command line chose for a check.</summary>
/// <param name="Gpu">A device by name or index; null for the best.</param>
/// <param name="Model">Model folder; null for the shipped one.</param>
/// <param name="Validation">Whether the validation layer listens.</param>
internal sealed record CheckSettings(string? Gpu, string? Model, bool Validation);
