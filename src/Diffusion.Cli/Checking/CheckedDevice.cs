namespace Diffusion.Cli.Checking;

/// <summary>A Vulkan device of the machine.</summary>
/// <param name="Index">What <c>--gpu</c> takes.</param>
/// <param name="Name">The driver's name of it.</param>
/// <param name="Type">Discrete, integrated, virtual or CPU.</param>
/// <param name="Vulkan">The Vulkan version it offers.</param>
/// <param name="Driver">The driver in its own words.</param>
/// <param name="IsChosen">Whether the rest of the check ran on it.</param>
/// <param name="Missing">What it lacks; empty when it serves.</param>
internal sealed record CheckedDevice(
    int Index, string Name, string Type, string Vulkan, string Driver, bool IsChosen, IReadOnlyList<string> Missing);
