using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>The frame being recorded, valid until <see cref="FrameRenderer.EndFrame"/>.</summary>
/// <param name="Value">What the device's timeline reaches when this frame is done.</param>
/// <param name="Slot">0 to <see cref="FrameRenderer.FramesInFlight"/> - 1: which of the per-frame resources are
/// free.</param>
/// <param name="Commands">The command buffer; passes record into it.</param>
/// <param name="Image">The target's colour image, in the layout for colour attachments while passes record.</param>
/// <param name="View">Its view.</param>
/// <param name="Extent">Its size in pixels.</param>
public readonly record struct Frame(
    ulong Value, int Slot, CommandBuffer Commands, Image Image, ImageView View, Extent2D Extent);
