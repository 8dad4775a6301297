using System.CommandLine;
using Diffusion.Cli.Generation;
using Spectre.Console;

namespace Diffusion.Cli.Sampling;

/// <summary><c>sample</c>: textures to a PNG file.</summary>
internal static class SampleCommand
{
    private const int MaxGridEdge = 64;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var generation = new GenerationOptions();
        var size = new Option<string?>("--size")
        {
            Description = "Size of a texture, a multiple of the network's stride. Default: the model's own.",
            HelpName = "WxH",
        };
        var seamless = new Option<bool>("--seamless")
        {
            Description = "Make the texture tile; on unless 'false' follows.",
            DefaultValueFactory = _ => true,
        };
        var grid = new Option<string>("--grid")
        {
            Description = "Draw a sheet of COLUMNSxROWS textures with seeds counting on.",
            DefaultValueFactory = _ => "1x1",
            HelpName = "CxR",
        };
        var output = new Option<string>("--out")
        {
            Description = "PNG file to write.",
            DefaultValueFactory = _ => "texture.png",
            HelpName = "FILE",
        };
        var animation = new Option<string?>("--gif")
        {
            Description = "Also write an animation of the chain.",
            HelpName = "FILE",
        };
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
        };

        var command = new Command("sample", "Generates textures and writes them to a PNG file.");
        generation.AddTo(command);
        foreach (Option option in (Option[])[size, seamless, grid, output, animation, display, threads])
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancel) =>
        {
            GenerationSettings chosen = generation.Read(result);
            if (chosen.ClassName == "list")
            {
                PrintClasses(chosen);
                return Task.FromResult(0);
            }

            CanvasSize cells = CanvasSize.Parse(result.GetValue(grid)!, "--grid");
            if (cells.Width > MaxGridEdge || cells.Height > MaxGridEdge)
            {
                throw new UserErrorException($"--grid {cells} is too large: at most {MaxGridEdge} columns and rows.");
            }

            string? wanted = result.GetValue(size);
            TextureSampler.Run(
                new SampleSettings
                {
                    Generation = chosen,
                    Size = wanted is null ? null : CanvasSize.Parse(wanted, "--size"),
                    Seamless = result.GetValue(seamless),
                    Grid = cells,
                    OutputFile = result.GetValue(output)!,
                    AnimationFile = result.GetValue(animation),
                    ShowDenoised = result.GetValue(display) == "x0",
                    NoiseThreads = RequireThreads(result.GetValue(threads)),
                },
                AnsiConsole.Console,
                cancel);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void PrintClasses(GenerationSettings settings)
    {
        var folder = LoadedModel.OpenFolder(settings);
        if (folder.ClassNames.Count == 0)
        {
            throw new UserErrorException($"the model '{folder.Path}' has no classes.");
        }

        foreach (string name in folder.ClassNames)
        {
            Console.WriteLine(name);
        }
    }

    private static int RequireThreads(int threads) => threads is >= 1 and <= 64
        ? threads
        : throw new UserErrorException($"--noise-threads {threads} is out of range: it must be 1 to 64.");
}
