namespace Diffusion.Runtime.Models.Configuration;

/// <summary>A value of a scheduler's file that no solver here does.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value, as the file has it.</param>
/// <param name="Supported">The values that are done.</param>
internal sealed record UnsupportedValue(string Key, string Value, string Supported);
