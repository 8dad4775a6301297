using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing.Processors.Quantization;

namespace Diffusion.Cli.Output;

/// <summary>Collects frames of one size and writes them as an endless animated GIF.</summary>
internal sealed class GifRecorder : IDisposable
{
    private Image<Rgb24>? _animation;

    /// <summary>
    /// Appends a copy of <paramref name="frame"/>, shown for <paramref name="duration"/> (GIF rounds to 10 ms).
    /// </summary>
    public void Add(Image<Rgb24> frame, TimeSpan duration)
    {
        if (_animation is null)
        {
            _animation = frame.Clone();
        }
        else
        {
            _animation.Frames.AddFrame(frame.Frames.RootFrame);
        }

        var metadata = _animation.Frames[^1].Metadata.GetGifMetadata();
        metadata.FrameDelay = Math.Max(2, (int)Math.Round(duration.TotalMilliseconds / 10));
    }

    /// <summary>Drops the second frame, the fourth and so on.</summary>
    public void DropEverySecond()
    {
        for (int i = (_animation?.Frames.Count ?? 0) / 2; i > 0; i--)
        {
            _animation!.Frames.RemoveFrame((2 * i) - 1);
        }
    }

    /// <summary>Writes the animation; nothing is written when no frame was added.</summary>
    public void Save(string path)
    {
        if (_animation is null)
        {
            return;
        }

        _animation.Metadata.GetGifMetadata().RepeatCount = 0;
        var encoder = new GifEncoder
        {
            ColorTableMode = GifColorTableMode.Local,
            Quantizer = new WuQuantizer(new QuantizerOptions { MaxColors = 256, Dither = null }),
        };
        OutputFile.Write(path, stream => _animation.Save(stream, encoder));
    }

    /// <inheritdoc/>
    public void Dispose() => _animation?.Dispose();
}
