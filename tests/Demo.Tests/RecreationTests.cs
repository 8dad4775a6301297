using Diffusion.Cli.Generation;
using Diffusion.Render.Sharing;

namespace Diffusion.Demo.Tests;

/// <summary>The device goes, with everything on it, while chains are under way.</summary>
public sealed class RecreationTests
{
    [SkippableTheory]
    [InlineData(null)]
    [InlineData(SharingPath.Staging)]
    public void Recreate_InMidChain_GivesTheSameTexturesAsWithoutIt(SharingPath? path)
    {
        VulkanTests.SkipWithoutDevice();

        float[][] undisturbed = Run(path, every: int.MaxValue, out int none);
        float[][] disturbed = Run(path, every: 3, out int losses);

        Assert.Equal(0, none);
        Assert.InRange(losses, 2, int.MaxValue);
        Assert.Equal(undisturbed.Length, disturbed.Length);
        Assert.All(undisturbed.Zip(disturbed), pair => Assert.Equal(pair.First, pair.Second));
    }

    private static float[][] Run(SharingPath? path, int every, out int losses)
    {
        const int MostFrames = 10_000;
        var settings = new DemoSettings
        {
            Generation = new GenerationSettings { Model = Repository.Model, Steps = 3 },
            FrameSize = new CanvasSize(64, 64),
            TextureSize = new CanvasSize(16, 16),
            Budget = TimeSpan.FromMilliseconds(2),
            Sharing = path,
            Validation = true,
        };
        using var stage = Stage.Create(settings, window: null);
        int frame = 0;
        for (; stage.Surfaces.IsWorking && frame < MostFrames; frame++)
        {
            Assert.True(stage.Frame(frame / 60.0));
            if (frame % every == every - 1 && stage.Losses < 4)
            {
                Assert.Empty(stage.Device.Validation!.Messages);
                stage.Recreate();
            }
        }

        Assert.True(stage.Frame(frame / 60.0));
        stage.Device.WaitIdle();
        Assert.Empty(stage.Device.Validation!.Messages);
        losses = stage.Losses;
        foreach (Surface surface in stage.Surfaces.Surfaces)
        {
            // What is shown is the last step's image, on the device that there is now.
            Assert.True(surface.Texture.TryGetLatest(out SharedImage image));
            Assert.Equal(3, image.Info.Step);
        }

        return [.. stage.Surfaces.Surfaces.ToArray().Select(surface => stage.Sample(surface).ToArray())];
    }
}
