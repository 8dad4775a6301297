namespace Diffusion.Demo.Tests;

public sealed class EvenFramesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    [InlineData(14, 2)]
    [InlineData(15, 4)]
    [InlineData(1000, 256)]
    public void Frames_OfARun_AreAllOrEnoughAtEqualDistances(int frames, int interval)
    {
        EvenFrames even = new(count: 4);
        List<int> chosen = [];
        for (int frame = 0; frame < frames; frame++)
        {
            if (even.Chooses(frame))
            {
                chosen.Add(frame);
                if (even.Thins())
                {
                    chosen.RemoveAll(one => one % even.Interval != 0);
                }
            }
        }

        Assert.Equal(interval, even.Interval);
        Assert.Equal(Enumerable.Range(0, frames).Where(frame => frame % interval == 0), chosen);
        Assert.InRange(chosen.Count, Math.Min(frames, 4), 7);
    }
}
