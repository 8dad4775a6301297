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
        if (path is null or SharingPath.InPlace)
        {
            string? notInPlace = InPlaceSource.WhyNot(device, ring);
            if (notInPlace is null)
            {
                return (new InPlaceSource((DeviceSamples)ring.Device!), "the chain runs on this device");
            }

            Refuse(path, name, "in place", notInPlace);
        }

        string? noCuda = "";
        if (path is null or SharingPath.Cuda)
        {
            noCuda = CudaSource.WhyNot(device, ring);
            try
            {
                if (noCuda is null)
                {
                    return (new CudaSource(device, ring, name), "CUDA copies on this device");
                }
            }
            catch (Exception error) when (error is VulkanException or SharingException)
            {
                noCuda = error.Message.TrimEnd('.');
            }

            Refuse(path, name, "by CUDA", noCuda);
            noCuda = ring.Device is IMirroredSamples ? $"no copy by CUDA: {noCuda}; " : "";
        }

        if (path == SharingPath.Staging)
        {
            return (CreateStaging(device, ring, name, format), "staging was asked for");
        }

        string? noImport = HostImportSource.WhyNot(device, ring);
        if (noImport is null)
        {
            try
            {
                return (new HostImportSource(device, ring, name), "the device imports host memory");
            }
            catch (VulkanException error) when (path is null)
            {
                noImport = error.Message;
            }
        }

        Refuse(path, name, "by host import", noImport);
        return (CreateStaging(device, ring, name, format), $"{noCuda}no host import: {noImport}");
    }

    /// <summary>Staging, which works everywhere.</summary>
    public static SampleSource CreateStaging(
        VulkanDevice device, SampleRing ring, string name, SharedTextureFormat format)
        => format == SharedTextureFormat.Rgba8
        ? new StagingSource(device, ring, name)
        : new PlanarStagingSource(device, ring, name);

    // For who insists on a path.
    private static void Refuse(SharingPath? path, string name, string way, string reason)
    {
        if (path is not null)
        {
            throw new VulkanException($"\"{name}\" cannot be shared {way}: {reason}.");
        }
    }
}
