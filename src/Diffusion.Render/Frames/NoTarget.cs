using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>
/// A frame that draws nothing: for passes that write images of their own, such as
/// <see cref="Sharing.SharedTexturePass"/> beside an engine that records and presents its frames itself.
/// </summary>
public sealed class NoTarget : FrameTarget
{
    /// <inheritdoc/>
    public override Format Format => Format.Undefined;

    /// <inheritdoc/>
    public override Extent2D Extent => default;

    /// <summary>Nothing: it owns nothing.</summary>
    public override void Dispose()
    {
    }

    internal override bool TryAcquire(int slot, out Image image, out ImageView view)
    {
        image = default;
        view = default;
        return true;
    }

    internal override void RecordBegin(in Frame frame)
    {
    }

    internal override void RecordEnd(in Frame frame)
    {
    }
}
