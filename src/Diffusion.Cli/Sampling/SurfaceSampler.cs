using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Runtime;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Surfaces;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using Spectre.Console;

namespace Diffusion.Cli.Sampling;

/// <summary>Draws a field of an endless surface's tiles.</summary>
internal static class SurfaceSampler
{
    private static readonly TimeSpan _tickBudget = TimeSpan.FromMilliseconds(100);

    /// <summary>Generates the tiles from (0, 0) on; the caller disposes the picture.</summary>
    /// <exception cref="UserErrorException">A tile failed, or a setting does not go with tiles.</exception>
    public static Image<Rgb24> Draw(
        SampleSettings settings,
        LoadedModel model,
        TextureRequest style,
        CanvasSize tiles,
        IAnsiConsole console,
        CancellationToken cancel)
    {
        var options = new RuntimeOptions { NoiseThreads = settings.NoiseThreads };
        using var runtime = new DiffusionRuntime(model.Backend, model.Folder.Description, options);
        using EndlessSurface surface = Create(runtime, settings, style);
        int width = (surface.CellWidth * tiles.Width) + style.Width - surface.CellWidth;
        int height = (surface.CellHeight * tiles.Height) + style.Height - surface.CellHeight;
        var field = new Image<Rgb24>(width, height);
        try
        {
            console.Progress().Start(progress =>
            {
                var task = progress.AddTask("tiles", maxValue: tiles.Width * tiles.Height);
                var missing = new List<Point>();
                for (int cell = 0; cell < tiles.Width * tiles.Height; cell++)
                {
                    var place = new Point(cell % tiles.Width, cell / tiles.Width);
                    missing.Add(place);
                    surface.Want(place.X, place.Y);
                }

                while (missing.Count > 0)
                {
                    cancel.ThrowIfCancellationRequested();
                    surface.Update();
                    runtime.Tick(_tickBudget);
                    task.Value += missing.RemoveAll(place => TryPaste(runtime, surface, place, field));
                }
            });
            return field;
        }
        catch
        {
            field.Dispose();
            throw;
        }
    }

    private static EndlessSurface Create(DiffusionRuntime runtime, SampleSettings settings, TextureRequest style)
    {
        try
        {
            return new EndlessSurface(runtime, new SurfaceSettings
            {
                Style = style,
                Departure = settings.Departure ?? SurfaceSettings.DefaultDeparture,
            });
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException($"--tiles: {error.Message}", error);
        }
    }

    // A tile that is drawn is let go, and its texture becomes another's.
    private static bool TryPaste(DiffusionRuntime runtime, EndlessSurface surface, Point place, Image<Rgb24> field)
    {
        SurfaceTile tile = surface.Get(place.X, place.Y);
        if (tile.Status == SurfaceTileStatus.Failed)
        {
            throw new UserErrorException($"tile {place.X},{place.Y} failed: {tile.FailureReason}");
        }

        if (tile.Status != SurfaceTileStatus.Completed)
        {
            return false;
        }

        SampleRing ring = runtime.GetSamples(tile.Texture);
        using (var picture = TextureImage.FromPlanar(ring.Sample(ring.CurrentSlot), ring.Width, ring.Height))
        {
            var corner = new Point(place.X * surface.CellWidth, place.Y * surface.CellHeight);
            field.Mutate(context => context.DrawImage(picture, corner, 1));
        }

        surface.Release(place.X, place.Y);
        return true;
    }
}
