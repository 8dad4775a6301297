using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A device that the machine offers.</summary>
/// <param name="Index">Its place in the driver's list, which <see cref="VulkanDeviceOptions.Device"/> takes; -1 for an
/// engine's device that is not in it.</param>
/// <param name="Name">The driver's name of it.</param>
/// <param name="Type">Discrete, integrated, virtual or CPU.</param>
/// <param name="Version">The Vulkan version it offers.</param>
public sealed record VulkanDeviceInfo(int Index, string Name, PhysicalDeviceType Type, Version Version)
{
    /// <summary>The driver's name and version in its own words; empty below Vulkan 1.2.</summary>
    public string Driver { get; init; } = "";

    /// <summary>What is required and the device lacks, a phrase each.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Whether the device has all that is required.</summary>
    public bool IsServed => Missing.Count == 0;
}
