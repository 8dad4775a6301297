namespace Diffusion.Cli.Soaking;

/// <summary>The runtime broke a promise under the soak.</summary>
internal sealed class SoakException(string message) : Exception(message);
