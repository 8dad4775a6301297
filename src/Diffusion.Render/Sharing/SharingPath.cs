namespace Diffusion.Render.Sharing;

/// <summary>How samples reach the device, best first.</summary>
public enum SharingPath
{
    /// <summary>The compute backend keeps them on the device that shows them: nothing crosses to the host.</summary>
    InPlace,

    /// <summary>CUDA copies them, on the device, to memory of the same device that Vulkan exported.</summary>
    Cuda,

    /// <summary>The ring's memory is imported as device memory: no copy.</summary>
    HostImport,

    /// <summary>The shown image is packed to RGBA8 in a mapped staging buffer, once for each generation
    /// shown.</summary>
    Staging,
}
