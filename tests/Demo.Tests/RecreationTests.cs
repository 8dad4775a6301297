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

        float[][] undisturbed = Run("torch", path, every: int.MaxValue, most: 0, out int none);
        float[][] disturbed = Run("torch", path, every: 3, most: 4, out int losses);

        Assert.Equal(0, none);
        Assert.InRange(losses, 2, int.MaxValue);
        Assert.Equal(undisturbed.Length, disturbed.Length);
        Assert.All(undisturbed.Zip(disturbed), pair => Assert.Equal(pair.First, pair.Second));
    }

    [SkippableFact]
    public void Recreate_NetworkOnTheDevice_BeginsAnewAndGivesTheSameTextures()
    {
        VulkanTests.SkipWithoutDevice();

        float[][] undisturbed = Run("compute", null, every: int.MaxValue, most: 0, out _);
        float[][] disturbed = Run("compute", null, every: 3, most: 1, out int losses);

        Assert.Equal(1, losses);
        Assert.All(undisturbed.Zip(disturbed), pair => Assert.Equal(pair.First, pair.Second));
    }

    private static float[][] Run(string backend, SharingPath? path, int every, int most, out int losses)
    {
        const int MostFrames = 10_000;

        // More than is done while loading.
        int steps = backend == "torch" ? 15 : 3;
        var settings = new DemoSettings
        {
            Generation = new GenerationSettings { Model = Repository.Model, Steps = steps, Backend = backend },
            FrameSize = new CanvasSize(64, 64),
            TextureSize = new CanvasSize(16, 16),
            Budget = TimeSpan.FromMilliseconds(10),
            Sharing = path,
            Validation = true,
        };
        using var stage = Stage.Create(settings, window: null);
        int frame = 0;
        for (; stage.Surfaces.IsWorking && frame < MostFrames; frame++)
        {
            Assert.True(stage.Frame(frame / 60.0));
            if (frame % every == every - 1 && stage.Losses < most)
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
            Assert.Equal(steps, image.Info.Step);
        }

        return [.. stage.Surfaces.Surfaces.ToArray().Select(surface => stage.Sample(surface).ToArray())];
    }
}
