namespace Diffusion.Render.Devices;

/// <summary>
/// What <see cref="VulkanRequirements"/> come to on one physical device: what to create a device with, and what is
/// missing.
/// </summary>
/// <param name="Missing">What is required and not there, a phrase each; empty when the device serves.</param>
/// <param name="Extensions">Device extensions to enable: required.</param>
/// <param name="OptionalExtensions">Device extensions that are there and worth enabling.</param>
/// <param name="Features">Features to enable: required.</param>
/// <param name="OptionalFeatures">Features that are there and worth enabling.</param>
/// <param name="QueueFamilies">The queue families that serve, each with graphics and compute; one queue of one of them
/// is
/// enough.</param>
public sealed record VulkanDeviceRequirements(
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Extensions,
    IReadOnlyList<string> OptionalExtensions,
    VulkanFeatures Features,
    VulkanFeatures OptionalFeatures,
    IReadOnlyList<uint> QueueFamilies)
{
    /// <summary>Whether the device has all that is required.</summary>
    public bool IsServed => Missing.Count == 0;
}
