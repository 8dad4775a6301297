using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Runtime.Surfaces;
using Spectre.Console;

namespace Diffusion.Cli.Sampling;

/// <summary><c>sample</c>: textures to a PNG file.</summary>
internal static class SampleCommand
{
    /// <summary>
    /// Of the chain from an image, where none is named: enough to change its matter and keep its layout.
    /// </summary>
    public const double DefaultStrength = 0.6;

    private const int MaxGridEdge = 64;
    private const int MaxThreads = 64;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var generation = new GenerationOptions();
        var control = new ControlOptions();
        var size = new Option<string?>("--size")
        {
            Description = "Size of a texture, a multiple of the network's stride. Default: the model's own.",
            HelpName = "WxH",
        };
        var tolerance = new Option<double>("--tolerance")
        {
            Description = $"With --solver {LoadedModel.AdaptiveSolver}, the error that a step may have; steps are its "
                + "own to choose.",
            DefaultValueFactory = _ => 1e-5,
            HelpName = "E",
        }.Within(1e-9, 1e-2);
        var image = new Option<string?>("--image")
        {
            Description = "Picture to start from in place of noise, scaled to the size; see --strength.",
            HelpName = "FILE",
        };
        var mask = new Option<string?>("--mask")
        {
            Description = "With --image, a picture that is white where to paint anew and black where to keep.",
            HelpName = "FILE",
        };
        var strength = new Option<double?>("--strength")
        {
            Description = "With --image, the part of the chain that is run: near 0 hardly changes it. "
                + $"Default: {DefaultStrength}, with --mask 1.",
            HelpName = "S",
        }.PositiveUpTo(1);
        var seamless = new Option<bool>("--seamless")
        {
            Description = "Make the texture tile; on unless 'false' follows.",
            DefaultValueFactory = _ => true,
        };
        var grid = new Option<string>("--grid")
        {
            Description = "Draw a sheet of COLUMNSxROWS textures with seeds counting on, at most "
                + $"{MaxGridEdge}x{MaxGridEdge}.",
            DefaultValueFactory = _ => "1x1",
            HelpName = "CxR",
        };
        var tiles = new Option<string?>("--tiles")
        {
            Description = "Draw COLUMNSxROWS tiles of an endless surface, which are generated apart and meet; "
                + $"at most {MaxGridEdge}x{MaxGridEdge}.",
            HelpName = "CxR",
        };
        var departure = new Option<double?>("--departure")
        {
            Description = "With --tiles, how far they depart from one pattern; at 1 there is none. "
                + $"Default: {SurfaceSettings.DefaultDeparture}.",
            HelpName = "D",
        }.PositiveUpTo(1);
        var output = new Option<string>("--out")
        {
            Description = "PNG file to write; one that is there is replaced.",
            DefaultValueFactory = _ => "texture.png",
            HelpName = "FILE",
        }.NotEmpty();
        var animation = new Option<string?>("--gif")
        {
            Description = "GIF file to write besides: the chain of the first texture, sharpening.",
            HelpName = "FILE",
        };
        OptionRules.RequireText(animation);
        var display = new Option<string>("--display")
        {
            Description = "What the animation shows: xt (the sample) or x0 (the predicted clean image).",
            DefaultValueFactory = _ => "xt",
            HelpName = "xt|x0",
        };
        display.AcceptOnlyFromAmong("xt", "x0");
        var threads = new Option<int>("--noise-threads")
        {
            Description = "Threads that compute noise; the result does not depend on it.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        }.Within(1, MaxThreads);

        var command = new Command("sample", "Generates textures and writes them to a PNG file.");
        generation.AddTo(command);
        control.AddTo(command);
        Option[] own =
        [
            size, tolerance, image, mask, strength, seamless, grid, tiles, departure, output, animation, display,
            threads,
        ];
        foreach (Option option in own)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancel) =>
        {
            GenerationSettings chosen = generation.Read(result) with { Tolerance = result.GetValue(tolerance) };
            if (GenerationOptions.TryPrintList(chosen, Console.Out))
            {
                return Task.FromResult(0);
            }

            string? wanted = result.GetValue(size);
            TextureSampler.Run(
                new SampleSettings
                {
                    Generation = chosen,
                    Control = control.Read(result),
                    Size = wanted is null ? null : CanvasSize.Parse(wanted, "--size"),
                    Seamless = result.GetValue(seamless),
                    Grid = Cells(result.GetValue(grid)!, "--grid"),
                    Tiles = result.GetValue(tiles) is { } field ? Cells(field, "--tiles") : null,
                    Departure = result.GetValue(departure),
                    OutputFile = result.GetValue(output)!,
                    AnimationFile = result.GetValue(animation),
                    ImageFile = result.GetValue(image),
                    MaskFile = result.GetValue(mask),
                    Strength = result.GetValue(strength),
                    ShowDenoised = result.GetValue(display) == "x0",
                    NoiseThreads = result.GetValue(threads),
                },
                AnsiConsole.Console,
                cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static CanvasSize Cells(string text, string option)
    {
        CanvasSize cells = CanvasSize.Parse(text, option, "COLUMNSxROWS", "3x2");
        return cells.Width <= MaxGridEdge && cells.Height <= MaxGridEdge
            ? cells
            : throw new UserErrorException($"{option} {cells} is too large: at most {MaxGridEdge} columns and rows.");
    }
}
