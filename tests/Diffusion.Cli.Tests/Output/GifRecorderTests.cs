using Diffusion.Cli.Output;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Output;

public sealed class GifRecorderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"diffusion-gif-{Guid.NewGuid():N}.gif");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    public void DropEverySecond_OfSomeFrames_LeavesTheOthers(int count)
    {
        using GifRecorder recorder = new();
        for (int i = 0; i < count; i++)
        {
            using Image<Rgb24> frame = new(4, 4, new Rgb24((byte)(50 * i), 0, 0));
            recorder.Add(frame, TimeSpan.FromMilliseconds(80));
        }

        recorder.DropEverySecond();
        recorder.Save(_path);

        using var read = Image.Load<Rgb24>(_path);
        Assert.Equal(
            Enumerable.Range(0, count).Where(i => i % 2 == 0).Select(i => (byte)(50 * i)),
            Enumerable.Range(0, read.Frames.Count).Select(i => read.Frames[i][0, 0].R));
    }

    [Fact]
    public void Save_NoFrames_WritesNothing()
    {
        using GifRecorder recorder = new();
        recorder.DropEverySecond();
        recorder.Save(_path);
        Assert.False(File.Exists(_path));
    }
}
