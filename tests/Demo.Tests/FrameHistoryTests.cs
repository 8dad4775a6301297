namespace Diffusion.Demo.Tests;

public sealed class FrameHistoryTests
{
    [Fact]
    public void Add_NoFrameYet_IsLeftOut()
    {
        var history = new FrameHistory(4);

        history.Add(0, 0);

        Assert.Equal((0, 0.0), (history.Count, history.Frame));
    }

    [Fact]
    public void Add_MoreThanItKeeps_KeepsTheLastOldestFirst()
    {
        var history = new FrameHistory(3);
        for (int i = 1; i <= 5; i++)
        {
            history.Add(i * 10, i);
        }

        Assert.Equal([(30, 3), (40, 4), (50, 5)], Enumerable.Range(0, history.Count).Select(i => history[i]));
    }

    [Fact]
    public void Scale_SlowFirstFrameThenFastOnes_ComesDownAgain()
    {
        var history = new FrameHistory(8);
        history.Add(700, 5);
        Assert.InRange(history.Scale, 700, 1400);

        for (int i = 0; i < 200; i++)
        {
            history.Add(16, 5);
        }

        Assert.InRange(history.Scale, 20, 40);
        Assert.InRange(history.Frame, 16, 16.1);
    }
}
