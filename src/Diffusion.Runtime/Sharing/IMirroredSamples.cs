namespace Diffusion.Runtime.Sharing;

/// <summary>A device's images that can be copied on the device itself into memory of another API.</summary>
/// <remarks>Any thread.</remarks>
public interface IMirroredSamples : IDeviceSamples
{
    /// <summary>Why they cannot be copied to memory of a device, or null when they can.</summary>
    /// <param name="device">The device's UUID, as VkPhysicalDeviceIDProperties and the CUDA driver give it.</param>
    string? WhyNotMirrored(Guid device);

    /// <summary>
    /// Copies all slots into exported memory, at the same offsets, and from then on each slot that is written.
    /// </summary>
    /// <param name="target">Borrowed for the call.</param>
    /// <returns>The copy; dispose it before the memory that it writes.</returns>
    /// <exception cref="SharingException">The memory or the timeline cannot be imported.</exception>
    ISampleMirror Mirror(ExportedMemory target);
}
