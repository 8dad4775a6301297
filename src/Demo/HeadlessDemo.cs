using System.Diagnostics;
using Diffusion.Cli.Output;
using Diffusion.Cli.Reporting;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using Spectre.Console;

namespace Diffusion.Demo;

/// <summary>The demo off screen: frames until all is finished, pictures of them, and a report.</summary>
internal static class HeadlessDemo
{
    /// <summary>Frames of a run that was not given their number, where not all is finished before.</summary>
    public const int MostFrames = 600;

    // How many frames show what was finished last.
    private const int LastFrames = 8;

    // At the least, where there are so many frames.
    private const int PictureCount = 8;
    private const int AnimationFrameCount = 24;
    private const int AnimationWidth = 480;
    private const double FramesPerSecond = 60;
    private static readonly TimeSpan _animationFrameTime = TimeSpan.FromMilliseconds(80);

    /// <summary>Draws the frames and writes the output folder.</summary>
    public static int Run(DemoSettings settings, CancellationToken cancel)
    {
        OutputFile.RequireWritableFolder(settings.OutputFolder);
        using var stage = Stage.Create(settings, window: null);
        stage.Camera.OverlooksGround = settings.GroundClass is not null;
        int most = settings.Frames ?? MostFrames;
        int last = LastFrames + (int)(settings.Fade.TotalSeconds * FramesPerSecond);
        Console.WriteLine(
            $"{stage.BackendDevice}; {stage.Device.Info.Name}; "
            + $"x_t by {stage.SharingExample.Path} ({stage.SharingExample.PathReason})");

        using var recording = new Recording(stage, settings.OutputFolder, most);
        AnsiConsole.Progress().HideCompleted(false).Start(progress =>
        {
            var task = progress.AddTask("frames", maxValue: most);
            int idle = 0;
            bool isLast = false;
            for (int frame = 0; !isLast; frame++)
            {
                cancel.ThrowIfCancellationRequested();
                idle = stage.IsWorking ? 0 : idle + 1;
                isLast = frame == most - 1 || (settings.Frames is null && idle == last);
                recording.Frame(frame, isLast);
                task.Value = isLast ? most : frame + 1;
            }
        });

        recording.Finish(settings);
        return 0;
    }

    /// <summary>Frames drawn, measured and pictured.</summary>
    private sealed class Recording : IDisposable
    {
        private readonly Stage _stage;
        private readonly string _folder;
        private readonly FrameLog _log;
        private readonly EvenFrames _picturedFrames = new(PictureCount);
        private readonly List<int> _pictures = [];
        private readonly EvenFrames _animatedFrames = new(AnimationFrameCount);
        private readonly GifRecorder _animation = new();
        private readonly byte[] _pixels;
        private readonly int _collectionsBefore;
        private long _allocated;
        private int _texturesCompleted;
        private int _stepsCompleted;
        private int _firstPreview = -1;
        private TimeSpan? _firstNoise;
        private TimeSpan? _firstPixel;

        public Recording(Stage stage, string folder, int most)
        {
            _stage = stage;
            _folder = folder;
            _log = new FrameLog(most);
            _pixels = new byte[Target.SizeInBytes];
            _collectionsBefore = GC.CollectionCount(0);
            _stepsCompleted = stage.LastTick.StepsCompleted;
            _texturesCompleted = stage.LastTick.TexturesCompleted;
        }

        private OffscreenTarget Target => (OffscreenTarget)_stage.Target;

        public void Frame(int frame, bool isLast)
        {
            bool isPicture = isLast || _picturedFrames.Chooses(frame);
            bool isAnimated = _animatedFrames.Chooses(frame);
            long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            do
            {
                // Again where a lost device took the request with it.
                if (isPicture || isAnimated)
                {
                    Target.RequestReadback();
                }
            }
            while (!_stage.Frame(frame / FramesPerSecond));

            _allocated += GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;

            var tick = _stage.LastTick;
            _log.Add(_stage.LastFrame, tick.Taken, _stage.Budget, _stage.IsWorking, tick.Forced);
            _texturesCompleted += tick.TexturesCompleted;
            _stepsCompleted += tick.StepsCompleted;
            NoteFirstPixels(frame);
            if (isPicture || isAnimated)
            {
                Picture(frame, isPicture, isAnimated);
            }
        }

        public void Finish(DemoSettings settings)
        {
            _animation.Save(Path.Combine(_folder, "progress.gif"));
            List<string> unfinished = SaveTextures();
            var report = Report(settings);
            ReportFormat.Save(Path.Combine(_folder, "report.json"), report);
            Console.WriteLine(
                $"{report.Frames} frames; frame p50 {report.FrameMs.P50:0.0} ms, p99 {report.FrameMs.P99:0.0} ms; "
                + $"tick p50 {report.TickMs.P50:0.0} ms, p99 {report.TickMs.P99:0.0} ms of {report.BudgetMs:0.0} ms.");
            int count = _stage.Surfaces.Surfaces.Length;
            Console.WriteLine($"{count - unfinished.Count} of {count} textures are finished and saved.");
            if (unfinished.Count > 0)
            {
                Console.WriteLine(
                    $"Unfinished: {string.Join(", ", unfinished)}. Ask for more --frames, or a larger --budget-ms.");
            }

            if (_stage.IsGroundWorking)
            {
                Console.WriteLine("Tiles of the ground are unfinished.");
            }

            Console.WriteLine($"Wrote {_folder}.");
        }

        public void Dispose() => _animation.Dispose();

        private void NoteFirstPixels(int frame)
        {
            if (_firstNoise is null && _stage.Surfaces.HasImages)
            {
                _firstNoise = SinceStart();
            }

            if (_firstPixel is null && _stepsCompleted > 0)
            {
                _firstPreview = frame;
                _firstPixel = SinceStart();
            }
        }

        // The clock stops when the frame has really been drawn, not when it was submitted.
        private TimeSpan SinceStart()
        {
            _stage.Device.WaitIdle();
            using var process = Process.GetCurrentProcess();
            return DateTime.Now - process.StartTime;
        }

        private static double? Milliseconds(TimeSpan? time) =>
            time is { } known ? Math.Round(known.TotalMilliseconds, 1) : null;

        private void Picture(int frame, bool isPicture, bool isAnimated)
        {
            Target.ReadPixels(_pixels);
            int width = (int)Target.Extent.Width;
            int height = (int)Target.Extent.Height;
            using var rgba = Image.LoadPixelData<Rgba32>(_pixels, width, height);
            using var image = rgba.CloneAs<Rgb24>();
            if (isPicture)
            {
                Save(frame, image);
            }

            if (isAnimated)
            {
                Animate(image);
            }
        }

        private void Save(int frame, Image<Rgb24> image)
        {
            OutputFile.Write(PictureOf(frame), stream => image.SaveAsPng(stream));
            _pictures.Add(frame);
            if (_picturedFrames.Thins())
            {
                int[] given = [.. _pictures.Where(picture => picture % _picturedFrames.Interval != 0)];
                Array.ForEach(given, picture => File.Delete(PictureOf(picture)));
                _pictures.RemoveAll(given.Contains);
            }
        }

        private string PictureOf(int frame) => Path.Combine(_folder, $"frame-{frame:0000}.png");

        private void Animate(Image<Rgb24> image)
        {
            int scaled = Math.Min(AnimationWidth, image.Width);
            image.Mutate(context => context.Resize(scaled, Math.Max(1, image.Height * scaled / image.Width)));
            _animation.Add(image, _animationFrameTime);
            if (_animatedFrames.Thins())
            {
                _animation.DropEverySecond();
            }
        }

        // Saves those that are finished, and tells how far the others are.
        private List<string> SaveTextures()
        {
            List<string> unfinished = [];
            foreach (Surface surface in _stage.Surfaces.Surfaces)
            {
                TextureProgress progress = _stage.Surfaces.Progress(surface);
                if (progress.Status != ChainStatus.Completed)
                {
                    unfinished.Add(
                        $"{_stage.Surfaces.ClassName(surface)} (step {progress.Step} of {progress.StepCount}"
                        + $"{(progress.Status == ChainStatus.Failed ? $", failed: {progress.FailureReason}" : "")})");
                    continue;
                }

                using var image = TextureImage.FromPlanar(
                    _stage.Sample(surface), surface.Texture.Width, surface.Texture.Height);
                string name = $"{_stage.Surfaces.ClassName(surface)}-{surface.Seed}.png";
                string path = Path.Combine(_folder, "textures", OutputFile.SafeName(name));
                OutputFile.Write(path, stream => image.SaveAsPng(stream));
            }

            return unfinished;
        }

        private MemoryReport Memory()
        {
            MemoryUse use = _stage.Device.GetMemoryUse();
            return new MemoryReport(use.AllocatedInBytes, use.AllocationCount, use.UsedInBytes, use.ResourceCount);
        }

        private FrameReport Report(DemoSettings settings) => new()
        {
            Backend = settings.Generation.Backend,
            Device = $"{_stage.BackendDevice}; {_stage.Device.Info.Name}",
            Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(_stage.ModelPath)),
            Width = settings.TextureSize.Width,
            Height = settings.TextureSize.Height,
            Solver = _stage.SolverName,
            Steps = _stage.Surfaces.Steps,
            BudgetMs = settings.Budget.TotalMilliseconds,
            Frames = _log.Count,
            FrameMs = _log.FrameMs,
            TickMs = _log.TickMs,
            Overrun = _log.Overrun,
            Utilization = _log.Utilization,
            ForcedFrames = _log.ForcedFrames,
            TexturesCompleted = _texturesCompleted,
            StepsCompleted = _stepsCompleted,
            FirstPreviewFrame = _firstPreview,
            FirstNoiseMs = Milliseconds(_firstNoise),
            FirstPixelMs = Milliseconds(_firstPixel),
            AllocatedBytesPerFrame = _allocated / Math.Max(1, _log.Count),
            GcCollections = GC.CollectionCount(0) - _collectionsBefore,
            Sharing = new SharingReport(
                _stage.SharingExample.Path.ToString(),
                _stage.SharingExample.PathReason,
                (double)_stage.TotalBytesCopied / Math.Max(1, _log.Count)),
            Memory = Memory(),
        };
    }
}
