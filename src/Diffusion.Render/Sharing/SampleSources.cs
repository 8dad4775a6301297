using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Sharing;

/// <summary>Chooses how a ring's samples reach a device.</summary>
internal static class SampleSources
{
    /// <summary>Makes the source of a texture.</summary>
    /// <param name="device">The device that shows it.</param>
    /// <param name="ring">Where its samples are.</param>
    /// <param name="name">The texture's name.</param>
    /// <param name="path">A path to insist on, or null for the best.</param>
    /// <param name="format">What a texel is.</param>
    /// <returns>It, and why it is that one.</returns>
    /// <exception cref="VulkanException">The path insisted on does not work here; the message says why.</exception>
    public static (SampleSource Source, string Reason) Create(
        VulkanDevice device, SampleRing ring, string name, SharingPath? path, SharedTextureFormat format)
    {
        string? notInPlace = InPlaceSource.WhyNot(device, ring);
        string? whyNot = HostImportSource.WhyNot(device, ring);
        if (path == SharingPath.InPlace && notInPlace is not null)
        {
            throw new VulkanException($"\"{name}\" cannot be shared in place: {notInPlace}.");
        }

        if (path == SharingPath.HostImport && whyNot is not null)
        {
            throw new VulkanException($"\"{name}\" cannot be shared by host import: {whyNot}.");
        }

        if (notInPlace is null && path is null or SharingPath.InPlace)
        {
            return (new InPlaceSource((DeviceSamples)ring.Device!), "the chain runs on this device");
        }

        if (path == SharingPath.Staging)
        {
            return (CreateStaging(device, ring, name, format), "staging was asked for");
        }

        if (whyNot is null)
        {
            try
            {
                return (new HostImportSource(device, ring, name), "the device imports host memory");
            }
            catch (VulkanException error) when (path is null)
            {
                whyNot = error.Message;
            }
        }

        return (CreateStaging(device, ring, name, format), $"no host import: {whyNot}");
    }

    private static SampleSource CreateStaging(
        VulkanDevice device, SampleRing ring, string name, SharedTextureFormat format)
        => format == SharedTextureFormat.Rgba8
        ? new StagingSource(device, ring, name)
        : new PlanarStagingSource(device, ring, name);
}
