using System.CommandLine;
using Diffusion.Cli.Output;
using Spectre.Console;

namespace Diffusion.Cli.Data;

/// <summary><c>data textures</c> and <c>data fashion-mnist</c>: make the training sets on this machine.</summary>
internal static class DataCommand
{
    public static Command Create()
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder of the set: one sub-folder of 256x256 PNG files a class.",
            DefaultValueFactory = _ => "data/textures",
        }.NotEmpty();
        var textures = new Command(
            "textures",
            "Fetches two Debian packages (2.2 GB, not installed) and makes 624 textures in 12 classes of them; resumes.")
        {
            output,
        };
        textures.SetAction((parsed, cancellation) => FetchTexturesAsync(parsed.GetValue(output)!, cancellation));
        return new Command("data", "Makes training data.") { textures, CreateFashionMnist() };
    }

    private static Command CreateFashionMnist()
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder of the set: its four idx files, checked.",
            DefaultValueFactory = _ => "data/fashion-mnist",
        }.NotEmpty();
        var command = new Command(
            "fashion-mnist",
            "Fetches a Debian package (31 MB, not installed): 70,000 grey pictures of 28x28 in 10 classes.")
        {
            output,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var folder = parsed.GetValue(output)!;
            OutputFile.RequireWritableFolder(folder);
            await FashionMnistFetcher.RunAsync(folder, cancellation);
            Console.WriteLine($"60,000 pictures to train on and 10,000 held out in {folder}, checksums verified.");
            return 0;
        });
        return command;
    }

    private static async Task<int> FetchTexturesAsync(string outputFolder, CancellationToken cancellation)
    {
        OutputFile.RequireWritableFolder(outputFolder);
        var sources = TextureManifest.Load();
        var fetcher = new TextureFetcher(outputFolder, sources);
        await AnsiConsole.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new ElapsedTimeColumn())
            .StartAsync(context => fetcher.RunAsync(new TaskProgress(context), cancellation));
        Console.WriteLine($"{sources.Count} textures in {outputFolder}, checksum verified.");
        return 0;
    }

    // One bar a step, made when the step first reports. Called from several converter threads.
    private sealed class TaskProgress(ProgressContext context) : IProgress<(string Step, double Fraction)>
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Report((string Step, double Fraction) value)
        {
            lock (_lock)
            {
                if (!_tasks.TryGetValue(value.Step, out var task))
                {
                    _tasks[value.Step] = task = context.AddTask(value.Step, maxValue: 1);
                }

                task.Value = Math.Max(task.Value, value.Fraction);
            }
        }
    }
}
