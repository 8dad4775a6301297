using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using Spectre.Console;

namespace Diffusion.Cli.Sampling;

/// <summary>Draws a sheet of textures one after another and writes it, with an animation of the chains if asked.</summary>
internal static class TextureSampler
{
    private const int MaxAnimationFrames = 60;
    private static readonly TimeSpan _tickBudget = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _animationFrameTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _lastFrameTime = TimeSpan.FromSeconds(2);

    /// <summary>Runs to the end; nothing is written when it fails or is cancelled.</summary>
    public static void Run(SampleSettings settings, IAnsiConsole console, CancellationToken cancel)
    {
        OutputFile.RequireWritableFolder(FolderOf(settings.OutputFile));
        if (settings.AnimationFile is not null)
        {
            OutputFile.RequireWritableFolder(FolderOf(settings.AnimationFile));
        }

        CanvasSize size = settings.Size ?? NativeSize(settings.Generation);
        using var model = LoadedModel.Load(settings.Generation, size.Width, size.Height);
        foreach (string warning in model.Folder.Warnings)
        {
            console.MarkupLineInterpolated($"[yellow]warning[/] {warning}");
        }

        using var sheet = new Image<Rgb24>(size.Width * settings.Grid.Width, size.Height * settings.Grid.Height);
        using var animation = new GifRecorder();
        var clock = Stopwatch.StartNew();
        Generate(settings, model, size, sheet, animation, console, cancel);
        console.MarkupLineInterpolated(
            $"{settings.Grid.Width * settings.Grid.Height} x {size} in {clock.Elapsed.TotalSeconds:0.0} s on {model.Backend.Device}");

        OutputFile.Write(settings.OutputFile, stream => sheet.SaveAsPng(stream));
        if (settings.AnimationFile is not null)
        {
            animation.Save(settings.AnimationFile);
        }
    }

    private static void Generate(
        SampleSettings settings,
        LoadedModel model,
        CanvasSize size,
        Image<Rgb24> sheet,
        GifRecorder animation,
        IAnsiConsole console,
        CancellationToken cancel)
    {
        var options = new RuntimeOptions { NoiseThreads = settings.NoiseThreads };
        using var runtime = new DiffusionRuntime(model.Backend, model.Folder.Description, options);
        var request = model.Request(size.Width, size.Height) with { Seamless = settings.Seamless };
        TextureHandle[] cells = new TextureHandle[settings.Grid.Width * settings.Grid.Height];
        int stride = Math.Max(1, (int)Math.Ceiling((double)request.Steps / MaxAnimationFrames));

        console.Progress().Start(progress =>
        {
            var task = progress.AddTask("steps", maxValue: (double)cells.Length * request.Steps);
            for (int cell = 0; cell < cells.Length; cell++)
            {
                TextureHandle handle = runtime.Submit(request with { Seed = request.Seed + (ulong)cell });
                if (settings.AnimationFile is not null && cell == 0)
                {
                    runtime.OnStepCompleted(handle, (in StepResult step) =>
                    {
                        bool isLast = step.Step == request.Steps;
                        if (step.Step % stride == 0 || isLast)
                        {
                            using var frame = TextureImage.FromPlanar(
                                settings.ShowDenoised ? step.Denoised : step.Sample, size.Width, size.Height);
                            animation.Add(frame, isLast ? _lastFrameTime : _animationFrameTime);
                        }
                    });
                }

                while (RunTick(runtime, handle))
                {
                    cancel.ThrowIfCancellationRequested();
                    task.Value = ((double)cell * request.Steps) + runtime.GetProgress(handle).Step;
                }

                Paste(runtime, handle, sheet, size, cell % settings.Grid.Width, cell / settings.Grid.Width);
                runtime.Release(handle);
                task.Value = (double)(cell + 1) * request.Steps;
            }
        });
    }

    private static bool RunTick(DiffusionRuntime runtime, TextureHandle handle)
    {
        runtime.Tick(_tickBudget);
        var progress = runtime.GetProgress(handle);
        return progress.Status == ChainStatus.Failed
            ? throw new InvalidOperationException($"the texture failed: {progress.FailureReason}")
            : progress.Status != ChainStatus.Completed;
    }

    private static void Paste(
        DiffusionRuntime runtime, TextureHandle handle, Image<Rgb24> sheet, CanvasSize size, int column, int row)
    {
        var samples = runtime.GetSamples(handle);
        using var texture = TextureImage.FromPlanar(samples.Sample(samples.CurrentSlot), size.Width, size.Height);
        var place = new Point(column * size.Width, row * size.Height);
        sheet.Mutate(context => context.DrawImage(texture, place, 1));
    }

    private static CanvasSize NativeSize(GenerationSettings settings)
    {
        int edge = LoadedModel.OpenFolder(settings).Config.SampleSize;
        return edge > 0 ? new CanvasSize(edge, edge) : new CanvasSize(64, 64);
    }

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;
}
