using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training;

public sealed class GreyPicturesTests
{
    private const int Edge = 4;
    private const int Plane = Edge * Edge;

    private static readonly string[] _names = ["shirt", "shoe"];

    [Fact]
    public void HeldOutPictures_Chosen_AreTheBytesScaledAndTheirLabels()
    {
        GreyPictures data = Create();

        (float[] pixels, long[] labels) = data.HeldOutPictures([2, 0]);

        Assert.Equal([0L, 0], labels);
        Assert.Equal([1L], data.HeldOutPictures([1]).Labels);
        Assert.Equal(2 * Plane, pixels.Length);
        Assert.Equal((Byte(1, 2, 5) / 127.5f) - 1, pixels[5]);
        Assert.Equal((Byte(1, 0, 5) / 127.5f) - 1, pixels[Plane + 5]);
        Assert.Equal((Byte(0, 3, 0) / 127.5f) - 1, data.TrainingPictures([3]).Pixels[0]);
    }

    [Fact]
    public void HeldOutPictures_IndexOutside_NamesIt()
    {
        Assert.Contains("0 to 2", Assert.Throws<ArgumentOutOfRangeException>(
            () => Create().HeldOutPictures([3])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_SameStream_GivesWholePicturesOrTheirMirrorImages()
    {
        GreyPictures data = Create();
        CounterRandom random = new(1, 1, 1);
        CounterRandom again = random;

        TrainingBatch batch = data.Draw(ref random, 64);

        Assert.Equal(batch.Pixels, data.Draw(ref again, 64).Pixels);
        Assert.All(batch.Mask, value => Assert.Equal(1, value));
        int mirrored = 0;
        for (int slot = 0; slot < 64; slot++)
        {
            float[] picture = batch.Pixels[(slot * Plane)..((slot + 1) * Plane)];
            float[] flipped = [.. Enumerable.Range(0, Plane).Select(i => picture[i - (i % Edge) + Edge - 1 - (i % Edge)])];
            (float[] originals, long[] labels) = data.TrainingPictures([0, 1, 2, 3, 4]);
            int index = Enumerable.Range(0, 5).Single(i => Matches(originals, i, picture) || Matches(originals, i, flipped));
            mirrored += Matches(originals, index, flipped) ? 1 : 0;
            Assert.Equal(labels[index], batch.Labels[slot]);
        }

        Assert.InRange(mirrored, 16, 48);
    }

    [Fact]
    public void GreyPictures_LengthOrLabelThatDoesNotFit_Throws()
    {
        Assert.Contains("15 pixels for 1 labels", Assert.Throws<ArgumentException>(
            () => new GreyPictures(Edge, _names, (new byte[15], new byte[1]), default)).Message, StringComparison.Ordinal);
        Assert.Contains("A label is 2", Assert.Throws<ArgumentException>(
            () => new GreyPictures(Edge, _names, (new byte[16], new byte[] { 2 }), default)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new GreyPictures(Edge, _names, default, default));
    }

    [Fact]
    public void Step_GreyNetwork_TrainsWithoutALeak()
    {
        UNetConfig config = TestNetworks.Plain with { InChannels = 1, OutChannels = 1, NumClassEmbeds = 3 };
        using UNet2DModel network = TestNetworks.Create(config);
        using Trainer trainer = new(network, Create(), NoiseSchedules.Cosine(), new TrainingOptions { BatchSize = 2 }, CPU);
        trainer.Step();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        double loss = trainer.Step().Loss;

        Assert.True(double.IsFinite(loss) && double.IsFinite(trainer.HeldOutLoss()));
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static bool Matches(float[] originals, int index, float[] picture) =>
        originals.AsSpan(index * Plane, Plane).SequenceEqual(picture);

    private static byte Byte(int split, int picture, int pixel) => (byte)((split * 100) + (picture * 17) + (pixel * 3));

    private static GreyPictures Create() => new(Edge, _names, Split(0, 5), Split(1, 3));

    private static (ReadOnlyMemory<byte> Pixels, ReadOnlyMemory<byte> Labels) Split(int split, int count) => (
        Enumerable.Range(0, count * Plane).Select(i => Byte(split, i / Plane, i % Plane)).ToArray(),
        Enumerable.Range(0, count).Select(i => (byte)(i % 2)).ToArray());
}
