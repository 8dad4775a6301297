using Diffusion.Render.Frames;

namespace Diffusion.Render.Sharing;

/// <summary>Where in a staging buffer an image is copied to, and how far the copy has come.</summary>
/// <remarks>
/// A frame copies so much and the next goes on, so that a large image is no hitch. There is an image for each frame in
/// flight, by turns. A frame records one conversion at most, and begins when the last but one is done on the device: so
/// is then the conversion which read the image whose turn it is.
/// </remarks>
/// <param name="length">Elements of an image.</param>
/// <param name="lengthPerFrame">Elements that a frame copies.</param>
internal struct StagedImages(int length, int lengthPerFrame)
{
    public const int Count = FrameRenderer.FramesInFlight;

    private int _image;

    /// <summary>Where the image begins in the buffer, in elements.</summary>
    public readonly int Offset => _image * length;

    /// <summary>Elements that are copied.</summary>
    public int Done { get; private set; }

    /// <summary>Elements that this frame copies.</summary>
    public readonly int Next => Math.Min(lengthPerFrame, length - Done);

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
