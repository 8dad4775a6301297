using Diffusion.Render.Sharing;

namespace Diffusion.Render.Tests.Support;

/// <summary>What a finished frame showed: the image as it was handed out, and its pixels, RGBA.</summary>
internal delegate void FrameShown(in SharedImage image, ReadOnlySpan<byte> rgba);
