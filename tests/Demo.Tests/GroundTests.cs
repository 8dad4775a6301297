using System.Numerics;
using Diffusion.Cli.Generation;
using Diffusion.Render.Frames;

namespace Diffusion.Demo.Tests;

/// <summary>Tiles come while the camera walks, and go behind it.</summary>
public sealed class GroundTests
{
    private const int Width = 160;
    private const int Height = 90;
    private const int MostFrames = 2000;

    [SkippableTheory]
    [InlineData("torch")]
    [InlineData("compute")]
    public void Walk_AroundTheCourt_ShowsGroundOnFewTexturesWithoutAMessage(string backend)
    {
        VulkanTests.SkipWithoutDevice();
        using var bare = Stage.Create(Settings(backend, null), window: null);
        using var stage = Stage.Create(Settings(backend, "grass"), window: null);
        WalkOut(bare);
        WalkOut(stage);
        byte[] background = Draw(bare);
        byte[] first = Finish(stage);
        Assert.InRange(Differing(background, first), 0.3, 1);
        int textures = stage.GroundTextures;

        // Farther than tiles reach, so that each of them is another.
        stage.Camera.Fly(0, new Vector3(18, 0, 0), Vector2.Zero);
        byte[] second = Finish(stage);
        Assert.InRange(Differing(background, second), 0.3, 1);
        Assert.InRange(Differing(first, second), 0.2, 1);

        // What went left its texture to what came; a few more were needed beside each other.
        Assert.InRange(stage.GroundTextures, textures, textures + 12);
        Assert.Empty(stage.Device.Validation!.Messages);
    }

    [SkippableFact]
    public void Recreate_WithGround_ShowsItAgain()
    {
        VulkanTests.SkipWithoutDevice();
        using var stage = Stage.Create(Settings("torch", "grass"), window: null);
        WalkOut(stage);
        byte[] before = Finish(stage);

        stage.Recreate();

        Assert.InRange(Differing(before, Finish(stage)), 0, 0.01);
        Assert.Empty(stage.Device.Validation!.Messages);
    }

    private static DemoSettings Settings(string backend, string? ground) => new()
    {
        Generation = new GenerationSettings { Model = Repository.Model, Steps = 2, Backend = backend },
        FrameSize = new CanvasSize(Width, Height),
        TextureSize = new CanvasSize(16, 16),
        Budget = TimeSpan.FromMilliseconds(300),
        GroundClass = ground,
        Validation = true,
    };

    // Backwards from the court, then around, looking down.
    private static void WalkOut(Stage stage)
    {
        stage.Camera.Fly(0, new Vector3(0, 0, -6), Vector2.Zero);
        stage.Camera.Fly(0, Vector3.Zero, new Vector2(MathF.PI, -0.6f));
    }

    private static byte[] Finish(Stage stage)
    {
        int frame = 0;
        do
        {
            stage.Frame(0);
        }
        while (stage.IsWorking && ++frame < MostFrames);

        Assert.InRange(frame, 0, MostFrames - 1);
        return Draw(stage);
    }

    private static byte[] Draw(Stage stage)
    {
        var target = (OffscreenTarget)stage.Target;
        stage.ShowsHud = false;
        stage.Frame(0);
        target.RequestReadback();
        Assert.True(stage.Frame(0));
        byte[] pixels = new byte[target.SizeInBytes];
        target.ReadPixels(pixels);
        return pixels;
    }

    // The share of pixels that are not the same colour.
    private static double Differing(byte[] one, byte[] other)
    {
        const int Noticeable = 24;
        int pixels = one.Length / 4;
        int differing = 0;
        for (int i = 0; i < pixels; i++)
        {
            int difference = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                difference += Math.Abs(one[(4 * i) + channel] - other[(4 * i) + channel]);
            }

            differing += difference > Noticeable ? 1 : 0;
        }

        return (double)differing / pixels;
    }
}
