using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>What the resources of a block have in common.</summary>
/// <param name="Type">Index of the memory type.</param>
/// <param name="HoldsImages">Images, else buffers. The two never share a block, so that bufferImageGranularity, up to
/// 64 KiB from one to the other, never counts.</param>
/// <param name="Properties">What the type offers.</param>
internal readonly record struct MemoryKind(uint Type, bool HoldsImages, MemoryPropertyFlags Properties);
