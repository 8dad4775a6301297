using System.Diagnostics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Solvers;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using Spectre.Console;

namespace Diffusion.Cli.Sampling;

/// <summary>
/// Draws a sheet of textures one after another and writes it, with an animation of the chains if asked.
/// </summary>
internal static class TextureSampler
{
    private const int MaxAnimationFrames = 60;
    private static readonly TimeSpan _tickBudget = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _animationFrameTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _lastFrameTime = TimeSpan.FromSeconds(2);

    /// <summary>Runs to the end; nothing is written when it fails or is cancelled.</summary>
    public static void Run(SampleSettings settings, IAnsiConsole console, CancellationToken cancel)
    {
        RequireOutputs(settings);
        RequireImage(settings);
        RequireTiles(settings);
        CanvasSize size = LoadedModel.SizeOf(settings.Generation, settings.Size);
        float[] image = settings.ImageFile is { } file ? TextureImage.ReadPlanar(file, size.Width, size.Height) : [];
        float[] mask = settings.MaskFile is { } other ? TextureImage.ReadWeights(other, size.Width, size.Height) : [];
        using var model = LoadedModel.Load(settings.Generation, size.Width, size.Height, image, isOffline: true);
        foreach (string warning in model.Folder.Warnings)
        {
            console.MarkupLineInterpolated($"[yellow]warning[/] {warning}");
        }

        var clock = Stopwatch.StartNew();
        TextureRequest request = RequestOf(settings, model, size, image, mask);
        if (settings.Tiles is { } tiles)
        {
            using Image<Rgb24> field = SurfaceSampler.Draw(settings, model, request, tiles, console, cancel);
            OutputFile.Write(settings.OutputFile, stream => field.SaveAsPng(stream));
            string done = $"{tiles} tiles, {field.Width}x{field.Height} pixels, in {clock.Elapsed.TotalSeconds:0.0} s";
            console.MarkupLineInterpolated($"{done} on {model.Backend.Device}: {settings.OutputFile}");
            return;
        }

        using var sheet = new Image<Rgb24>(size.Width * settings.Grid.Width, size.Height * settings.Grid.Height);
        using var animation = new GifRecorder();
        if (settings.Generation.Solver == LoadedModel.AdaptiveSolver)
        {
            Integrate(settings, model, request, sheet, console, cancel);
        }
        else
        {
            Generate(settings, model, request, sheet, animation, console, cancel);
        }

        string written = settings.OutputFile;
        OutputFile.Write(settings.OutputFile, stream => sheet.SaveAsPng(stream));
        if (settings.AnimationFile is not null)
        {
            animation.Save(settings.AnimationFile);
            written += $", {settings.AnimationFile}";
        }

        int count = settings.Grid.Width * settings.Grid.Height;
        double seconds = clock.Elapsed.TotalSeconds;
        console.MarkupLineInterpolated($"{count} x {size} in {seconds:0.0} s on {model.Backend.Device}: {written}");
    }

    private static void RequireOutputs(SampleSettings settings)
    {
        RequireOutput(settings.OutputFile, "--out", ".png");
        if (settings.AnimationFile is not { } animation)
        {
            return;
        }

        RequireOutput(animation, "--gif", ".gif");
        if (Path.GetFullPath(animation) == Path.GetFullPath(settings.OutputFile))
        {
            throw new UserErrorException($"--out and --gif both name '{animation}'.");
        }
    }

    private static void RequireImage(SampleSettings settings)
    {
        string inversion = new DdimInversionSolver().Name;
        if (settings.ImageFile is not null)
        {
            if (settings.MaskFile is not null && settings.Generation.Solver == inversion)
            {
                throw new UserErrorException(
                    $"--solver {inversion} turns a whole picture into noise; it takes no --mask.");
            }

            return;
        }

        if (settings.MaskFile is not null)
        {
            throw new UserErrorException("--mask needs --image, the picture of which it tells what to keep.");
        }

        if (settings.Strength is { } strength)
        {
            throw new UserErrorException($"--strength {strength} needs --image.");
        }

        if (settings.Generation.Solver == inversion)
        {
            throw new UserErrorException(
                $"--solver {settings.Generation.Solver} turns a picture into noise; it needs --image.");
        }
    }

    private static void RequireTiles(SampleSettings settings)
    {
        if (settings.Tiles is null)
        {
            if (settings.Departure is { } departure)
            {
                throw new UserErrorException($"--departure {departure} needs --tiles.");
            }

            return;
        }

        string? other = settings.ImageFile is not null ? "--image"
            : settings.AnimationFile is not null ? "--gif"
            : settings.Grid != new CanvasSize(1, 1) ? "--grid"
            : settings.Generation.Solver == LoadedModel.AdaptiveSolver ? $"--solver {LoadedModel.AdaptiveSolver}"
            : null;
        if (other is not null)
        {
            throw new UserErrorException($"--tiles does not go with {other}.");
        }
    }

    private static void RequireOutput(string path, string option, string extension)
    {
        OutputFile.RequireWritable(path, option);
        string given = Path.GetExtension(path);
        if (given.Length > 0 && !given.Equals(extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new UserErrorException(
                $"{option} '{path}' is written as {extension}, so it cannot be named {given}.");
        }
    }

    private static void Generate(
        SampleSettings settings,
        LoadedModel model,
        TextureRequest request,
        Image<Rgb24> sheet,
        GifRecorder animation,
        IAnsiConsole console,
        CancellationToken cancel)
    {
        var options = new RuntimeOptions { NoiseThreads = settings.NoiseThreads };
        using var runtime = new DiffusionRuntime(model.Backend, model.Folder.Description, options);
        var size = new CanvasSize(request.Width, request.Height);
        int cellCount = settings.Grid.Width * settings.Grid.Height;

        console.Progress().Start(progress =>
        {
            var task = progress.AddTask("steps", maxValue: cellCount);
            for (int cell = 0; cell < cellCount; cell++)
            {
                TextureHandle handle = runtime.Submit(settings.Control.At(request, cell, cellCount));
                int stepCount = runtime.GetProgress(handle).StepCount;
                int stride = Math.Max(1, (int)Math.Ceiling((double)stepCount / MaxAnimationFrames));
                if (settings.AnimationFile is not null && cell == 0)
                {
                    runtime.OnStepCompleted(handle, (in StepResult step) =>
                    {
                        bool isLast = step.Step == stepCount;
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
                    task.Value = cell + ((double)runtime.GetProgress(handle).Step / stepCount);
                }

                var samples = runtime.GetSamples(handle);
                using (var texture = TextureImage.FromPlanar(
                    samples.Sample(samples.CurrentSlot), size.Width, size.Height))
                {
                    Paste(texture, sheet, size, cell % settings.Grid.Width, cell / settings.Grid.Width);
                }

                runtime.Release(handle);
                task.Value = cell + 1;
            }
        });
    }

    // The adaptive solver has no chain: one texture after the other, to the tolerance.
    private static void Integrate(
        SampleSettings settings,
        LoadedModel model,
        TextureRequest request,
        Image<Rgb24> sheet,
        IAnsiConsole console,
        CancellationToken cancel)
    {
        if (settings.AnimationFile is not null || settings.ImageFile is not null)
        {
            throw new UserErrorException(
                $"--solver {LoadedModel.AdaptiveSolver} makes no --gif and starts from no --image.");
        }

        var sampler = new AdaptiveFlowSampler(
            model.Backend, model.Folder.Description, settings.Generation.Tolerance ?? throw new UnreachableException());
        var size = new CanvasSize(request.Width, request.Height);
        int evaluations = 0;
        console.Progress().Start(progress =>
        {
            int cellCount = settings.Grid.Width * settings.Grid.Height;
            var task = progress.AddTask("textures", maxValue: cellCount);
            for (int cell = 0; cell < cellCount; cell++)
            {
                int place = cell;
                float[] planar = sampler.Sample(
                    settings.Control.At(request, cell, cellCount), share => task.Value = place + share, cancel);
                evaluations += sampler.Evaluations;
                using var texture = TextureImage.FromPlanar(planar, size.Width, size.Height);
                Paste(texture, sheet, size, cell % settings.Grid.Width, cell / settings.Grid.Width);
            }
        });
        console.MarkupLineInterpolated($"{evaluations} evaluations of the network");
    }

    private static bool RunTick(DiffusionRuntime runtime, TextureHandle handle)
    {
        runtime.Tick(_tickBudget);
        var progress = runtime.GetProgress(handle);
        return progress.Status == ChainStatus.Failed
            ? throw new UserErrorException($"the texture failed: {progress.FailureReason}")
            : progress.Status != ChainStatus.Completed;
    }

    private static void Paste(Image<Rgb24> texture, Image<Rgb24> sheet, CanvasSize size, int column, int row)
    {
        var place = new Point(column * size.Width, row * size.Height);
        sheet.Mutate(context => context.DrawImage(texture, place, 1));
    }

    private static TextureRequest RequestOf(
        SampleSettings settings,
        LoadedModel model,
        CanvasSize size,
        ReadOnlyMemory<float> image,
        ReadOnlyMemory<float> mask)
    {
        var request = settings.Control.Apply(
            model.Request(size.Width, size.Height) with { Seamless = settings.Seamless }, model);
        if (image.IsEmpty)
        {
            return request;
        }

        return request with
        {
            Image = image,
            Mask = mask,

            // An inversion runs from the image to noise, all the way; what is painted anew owes nothing to what was.
            Strength = settings.Strength
                ?? (request.Solver is { IsInversion: true } || !mask.IsEmpty ? 1 : SampleCommand.DefaultStrength),
        };
    }
}
