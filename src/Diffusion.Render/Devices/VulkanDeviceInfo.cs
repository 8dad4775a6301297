using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A device that the machine offers.</summary>
/// <param name="Index">Its place in the driver's list, which <see cref="VulkanDeviceOptions.Device"/> takes.</param>
/// <param name="Name">The driver's name of it.</param>
/// <param name="Type">Discrete, integrated, virtual or CPU.</param>
/// <param name="Version">The Vulkan version it offers.</param>
public sealed record VulkanDeviceInfo(int Index, string Name, PhysicalDeviceType Type, Version Version);
