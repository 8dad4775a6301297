using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>The newest image of a <see cref="SharedTexture"/>: what a reader needs to sample it.</summary>
/// <param name="Image">The image, of <see cref="SharedTexture.Format"/>, with all mip levels.</param>
/// <param name="View">View of all levels; sampling gives linear light.</param>
/// <param name="Layout">The layout it is in.</param>
/// <param name="Semaphore">The device's timeline semaphore.</param>
/// <param name="ReadableValue">The timeline value from which it is readable; frames of the same queue recorded later
/// need not wait.</param>
/// <param name="Info">Generation, step and noise level shown.</param>
/// <param name="Index">Its place in the texture's ring, for
/// <see cref="SharedTexture.ReleaseAfter(in SharedImage, ulong)"/>.</param>
public readonly record struct SharedImage(
    Image Image,
    ImageView View,
    ImageLayout Layout,
    Silk.NET.Vulkan.Semaphore Semaphore,
    ulong ReadableValue,
    SampleInfo Info,
    int Index);
