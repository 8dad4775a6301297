using System.CommandLine;
using Diffusion.Cli;
using Diffusion.Cli.Generation;
using Diffusion.Render.Sharing;

namespace Diffusion.Demo;

/// <summary>The demo's command line.</summary>
internal static class DemoCommand
{
    // Few, for a network that was not distilled to fewer: a CPU finishes every surface within 480 frames of 8 ms.
    private const int DefaultSteps = 8;
    private const string Automatic = "auto";
    private const int MaxFrames = 1_000_000;
    private const int MaxFrameEdge = 8192;
    private const int MaxFadeMs = 10_000;

    /// <summary>
    /// Builds the command; <paramref name="run"/> is called with valid settings and returns the exit code.
    /// </summary>
    public static RootCommand Create(Func<DemoSettings, CancellationToken, int> run)
    {
        var generation = new GenerationOptions(DefaultSteps, prefersFast: true);
        var headless = new Option<bool>("--headless")
        {
            Description = "Draw off screen; also chosen when there is no display.",
        };
        var frames = new Option<int?>("--frames")
        {
            Description = "Frames to draw. Default: headless until all textures are finished, at most "
                + $"{HeadlessDemo.MostFrames}; else until the window closes.",
            HelpName = "N",
        };
        var budget = new Option<double>("--budget-ms")
        {
            Description = "Milliseconds of each frame that generation may take.",
            DefaultValueFactory = _ => 8,
            HelpName = "MS",
        };
        var output = new Option<string>("--out")
        {
            Description = "Headless: folder for report.json, progress.gif, frames and textures.",
            DefaultValueFactory = _ => "out/demo",
            HelpName = "DIR",
        };
        var width = new Option<int>("--width")
        {
            Description = "Width of the frame in pixels.",
            DefaultValueFactory = _ => 1280,
            HelpName = "PIXELS",
        };
        var height = new Option<int>("--height")
        {
            Description = "Height of the frame in pixels.",
            DefaultValueFactory = _ => 720,
            HelpName = "PIXELS",
        };
        var textureSize = new Option<string>("--texture-size")
        {
            Description = "Size of each generated texture.",
            DefaultValueFactory = _ => "64x64",
            HelpName = "WxH",
        };
        var ground = new Option<string?>("--ground")
        {
            Description = "Class of ground around the court, in tiles that are generated as the camera nears them.",
            HelpName = "CLASS",
        };
        var display = new Option<string>("--display")
        {
            Description = "What surfaces show: xt (the sample) or x0 (the predicted clean image).",
            DefaultValueFactory = _ => "xt",
            HelpName = "xt|x0",
        };
        var fade = new Option<double>("--fade-ms")
        {
            Description = "Milliseconds in which a step, another view or a new texture comes in; 0 shows it at once.",
            HelpName = "MS",
        };
        var noVerticalSync = new Option<bool>("--no-vsync") { Description = "Do not wait for the display." };
        Option<string?> gpu = GpuOption.Create();
        var sharing = new Option<string>("--sharing")
        {
            Description = "How x_t reaches the device; auto takes the best that works.",
            DefaultValueFactory = _ => Automatic,
            HelpName = $"{Automatic}|{string.Join('|', SharingPathNames.All.Select(SharingPathNames.NameOf))}",
        };
        var asyncCompute = new Option<bool>("--async-compute")
        {
            Description = "With --backend compute: the network runs beside frames, on a queue of its own.",
        };
        var validation = new Option<bool>("--validation") { Description = "Run under the Vulkan validation layers." };

        var command = new RootCommand(
            """
            Draws a hall of materials whose surfaces carry textures while they are generated, on a budget of
            milliseconds a frame.

            Keys in the window: 1-9 or Tab pick a surface, C/V next/previous class, R reseed, A reseed all,
            Space pause, Up/Down budget, Left/Right steps, S solver, X switch between x_t and x0, B cross-fade or
            not, H hide the overlay, Esc quit. Hold the right mouse button to fly: W A S D move, Q E sink and rise,
            the mouse turns, Shift hastens. F does so without a mouse, and the arrows turn; O circles again. The floor is
            generated anew where you walk.
            """);
        command.Options.Add(headless);
        command.Options.Add(frames);
        command.Options.Add(budget);
        command.Options.Add(output);
        command.Options.Add(width);
        command.Options.Add(height);
        command.Options.Add(textureSize);
        command.Options.Add(ground);
        command.Options.Add(display);
        command.Options.Add(fade);
        generation.AddTo(command);
        command.Options.Add(noVerticalSync);
        command.Options.Add(gpu);
        command.Options.Add(sharing);
        command.Options.Add(asyncCompute);
        command.Options.Add(validation);

        command.SetAction((result, cancel) =>
        {
            GenerationSettings chosen = generation.Read(result);
            if (GenerationOptions.TryPrintList(chosen, Console.Out))
            {
                return Task.FromResult(0);
            }

            var settings = new DemoSettings
            {
                Generation = chosen,
                Headless = result.GetValue(headless),
                Frames = RequireRange(result.GetValue(frames), "--frames", 1, MaxFrames),
                Budget = RequireBudget(result.GetValue(budget)),
                OutputFolder = result.GetValue(output)!,
                FrameSize = new CanvasSize(
                    RequireRange(result.GetValue(width), "--width", 64, MaxFrameEdge)!.Value,
                    RequireRange(result.GetValue(height), "--height", 64, MaxFrameEdge)!.Value),
                TextureSize = CanvasSize.Parse(result.GetValue(textureSize)!, "--texture-size"),
                GroundClass = result.GetValue(ground),
                ShowDenoised = ParseDisplay(result.GetValue(display)!),
                Fade = RequireFade(result.GetValue(fade)),
                VerticalSync = !result.GetValue(noVerticalSync),
                Gpu = result.GetValue(gpu),
                Sharing = ParseSharing(result.GetValue(sharing)!),
                AsyncCompute = result.GetValue(asyncCompute),
                Validation = result.GetValue(validation),
            };
            return Task.FromResult(run(settings, cancel));
        });
        return command;
    }

    private static int? RequireRange(int? value, string option, int least, int most)
        => value is null || (value >= least && value <= most)
        ? value
        : throw new UserErrorException($"{option} {value} is out of range: it must be {least} to {most}.");

    private static TimeSpan RequireBudget(double milliseconds) => milliseconds is > 0 and <= 10_000
        ? TimeSpan.FromMilliseconds(milliseconds)
        : throw new UserErrorException(
            $"--budget-ms {milliseconds} is out of range: it must be more than 0 and at most 10000.");

    private static TimeSpan RequireFade(double milliseconds) => milliseconds is >= 0 and <= MaxFadeMs
        ? TimeSpan.FromMilliseconds(milliseconds)
        : throw new UserErrorException(
            $"--fade-ms {milliseconds} is out of range: it must be 0 to {MaxFadeMs}.");

    private static SharingPath? ParseSharing(string text)
    {
        try
        {
            return text == Automatic ? null : SharingPathNames.Parse(text);
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException($"--sharing: {error.Message} Or {Automatic}.", error);
        }
    }

    private static bool ParseDisplay(string text) => text switch
    {
        "xt" => false,
        "x0" => true,
        _ => throw new UserErrorException($"--display '{text}' is unknown: it must be xt or x0."),
    };
}
