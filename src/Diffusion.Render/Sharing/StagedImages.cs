using Diffusion.Render.Frames;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Sharing;

/// <summary>Where in a staging buffer an image is copied to, and how far the copy has come.</summary>
/// <remarks>
/// A frame copies so much and the next goes on, so that a large image is no hitch. There is an image for each frame in
/// flight, by turns. A frame records one conversion at most, and begins when the last but one is done on the device: so
/// is then the conversion which read the image whose turn it is.
/// </remarks>
/// <param name="ring">Where the images come from.</param>
/// <param name="length">Elements of an image.</param>
/// <param name="lengthPerFrame">Elements that a frame copies.</param>
internal struct StagedImages(SampleRing ring, int length, int lengthPerFrame)
{
    public const int Count = FrameRenderer.FramesInFlight;

    // Each look at a ring on a device copies the whole image, so that there is one.
    private readonly int _most = ring.Device is null ? lengthPerFrame : length;
    private int _image;

    /// <summary>Where the image begins in the buffer, in elements.</summary>
    public readonly int Offset => _image * length;

    /// <summary>Elements that are copied.</summary>
    public int Done { get; private set; }

    /// <summary>Elements that this frame copies.</summary>
    public readonly int Next => Math.Min(_most, length - Done);

    /// <summary>The planes of a leased image.</summary>
    public readonly Span<float> PlanesOf(in SampleLease lease, SampleView view) =>
        view == SampleView.Denoised ? ring.Denoised(lease.Slot) : ring.Sample(lease.Slot);

    /// <summary>This frame has copied <see cref="Next"/>.</summary>
    /// <returns>Whether that was the last of the image; if so, the next image begins.</returns>
    public bool Advance()
    {
        Done += Next;
        if (Done < length)
        {
            return false;
        }

        Done = 0;
        _image = (_image + 1) % Count;
        return true;
    }
}
