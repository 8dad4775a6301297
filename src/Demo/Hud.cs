using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;

namespace Diffusion.Demo;

/// <summary>The overlay: frame and tick time, budget, and the progress of every texture. Allocates nothing.</summary>
internal sealed class Hud(Stage stage)
{
    private const int Margin = 16;
    private const int Line = 20;
    private const int PanelWidth = 512;
    private const int BarWidth = 150;
    private const int BarHeight = 12;
    private const int BarLeft = Margin + 260;

    private static readonly Rgba _panel = new(8, 10, 14, 190);
    private static readonly Rgba _text = new(232, 234, 238, 255);
    private static readonly Rgba _faint = new(150, 156, 166, 255);
    private static readonly Rgba _track = new(58, 62, 72, 255);
    private static readonly Rgba _warm = new(240, 170, 80, 255);
    private static readonly Rgba _done = new(110, 200, 130, 255);
    private static readonly Rgba _over = new(235, 90, 80, 255);

    // Smoothed, since a number that changes every frame cannot be read.
    private double _frameMs;
    private double _tickMs;
    private OverlayPass _overlay = null!;

    /// <summary>Draws the overlay into the frame that was begun.</summary>
    /// <param name="overlay">What it is drawn with.</param>
    public void Draw(OverlayPass overlay)
    {
        _overlay = overlay;
        Smooth(ref _frameMs, stage.LastFrame);
        Smooth(ref _tickMs, stage.LastTick.Taken);
        var surfaces = stage.Surfaces.Surfaces;
        _overlay.Rectangle(Margin - 8, Margin - 8, PanelWidth, ((surfaces.Length + 4) * Line) + 12, _panel);

        Span<char> buffer = stackalloc char[96];
        int y = Margin;
        Write(
            y, _text, buffer,
            $"frame {_frameMs:0.0} ms   {stage.Surfaces.Solver.Name}, {stage.Surfaces.Steps} steps, "
            + $"{(stage.Surfaces.Display == SampleView.Sample ? "x_t" : "x0")}");
        y += Line;
        DrawTick(y, buffer);
        y += Line;
        for (int i = 0; i < surfaces.Length; i++)
        {
            DrawSurface(y, buffer, surfaces[i], i);
            y += Line;
        }

        Write(y, _faint, buffer, $"x_t by {stage.SharingExample.Path}{(stage.Surfaces.IsPaused ? "   PAUSED" : "")}");
        y += Line;
        Write(y, _faint, buffer, $"keys: 1-5 C V R A S X H Space arrows");
    }

    private static void Smooth(ref double value, TimeSpan sample) =>
        value = value == 0 ? sample.TotalMilliseconds : value + (0.1 * (sample.TotalMilliseconds - value));

    private void DrawTick(int y, Span<char> buffer)
    {
        double budget = stage.Budget.TotalMilliseconds;
        Write(y, _text, buffer, $"tick {_tickMs:0.0} of {budget:0.0} ms");
        Bar(y, Math.Min(1, _tickMs / budget), _tickMs > budget ? _over : _warm);
    }

    private void DrawSurface(int y, Span<char> buffer, Surface surface, int index)
    {
        TextureProgress progress = stage.Surfaces.Progress(surface);
        Rgba colour = index == stage.Surfaces.Selected ? _text : _faint;
        Write(y, colour, buffer, $"{index + 1} {stage.Surfaces.ClassName(surface)} #{surface.Seed}");
        bool isDone = progress.Status == ChainStatus.Completed;
        Bar(y, (double)progress.Step / progress.StepCount, isDone ? _done : _warm);
        buffer.TryWrite($"{progress.Step}/{progress.StepCount}", out int length);
        _overlay.Text(BarLeft + BarWidth + 8, y, buffer[..length], colour);
    }

    private void Bar(int y, double fraction, Rgba colour)
    {
        _overlay.Rectangle(BarLeft, y + 2, BarWidth, BarHeight, _track);
        _overlay.Rectangle(BarLeft, y + 2, (int)(BarWidth * fraction), BarHeight, colour);
    }

    private void Write(
        int y,
        Rgba colour,
        Span<char> buffer,
        [System.Runtime.CompilerServices.InterpolatedStringHandlerArgument(nameof(buffer))]
        ref MemoryExtensions.TryWriteInterpolatedStringHandler text)
    {
        buffer.TryWrite(ref text, out int length);
        _overlay.Text(Margin, y, buffer[..length], colour);
    }
}
