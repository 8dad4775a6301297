using System.Runtime.CompilerServices;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;

namespace Diffusion.Demo;

/// <summary>
/// The overlay: a graph of frames with the tick in them, the tick beside its budget, and the progress of every texture.
/// Allocates nothing.
/// </summary>
internal sealed class Hud(Stage stage)
{
    // All in font pixels, of which a frame of 720 lines has 360.
    private const int LinesPerFontPixel = 360;
    private const int Edge = 6;
    private const int Padding = 5;
    private const int Line = 12;
    private const int PanelWidth = 214;
    private const int GraphHeight = 34;
    private const int BarHeight = 3;
    private const int CellsInRow = 7;
    private const int CellHeight = 19;
    private const string Keys =
        "Tab 1-9 pick  C V class  R A anew  S solver  X view  B fade  arrows budget, steps  F fly  H hide";

    private static readonly Rgba _panel = new(8, 10, 14, 200);
    private static readonly Rgba _text = new(240, 242, 246, 255);
    private static readonly Rgba _faint = new(172, 178, 188, 255);
    private static readonly Rgba _track = new(58, 62, 72, 255);
    private static readonly Rgba _frame = new(92, 112, 150, 255);
    private static readonly Rgba _warm = new(240, 170, 80, 255);
    private static readonly Rgba _done = new(110, 200, 130, 255);
    private static readonly Rgba _over = new(235, 90, 80, 255);

    private readonly FrameHistory _history = new(PanelWidth - (2 * Padding));
    private OverlayPass _overlay = null!;
    private int _unit;

    /// <summary>Draws the overlay into the frame that was begun.</summary>
    /// <param name="overlay">What it is drawn with.</param>
    /// <param name="width">The frame's width in pixels.</param>
    /// <param name="height">The frame's height in pixels.</param>
    public void Draw(OverlayPass overlay, int width, int height)
    {
        _overlay = overlay;
        _unit = Math.Max(1, height / LinesPerFontPixel);
        _history.Add(stage.LastFrame.TotalMilliseconds, stage.LastTick.Taken.TotalMilliseconds);
        Span<char> buffer = stackalloc char[128];
        DrawTimes(buffer);
        DrawTextures(buffer, width / _unit, height / _unit);
    }

    private void DrawTimes(Span<char> buffer)
    {
        const int Left = Edge + Padding;
        int y = Edge + Padding;
        Fill(Edge, Edge, PanelWidth, (4 * Line) + GraphHeight + (2 * Padding) + 1, _panel);
        double budget = stage.Budget.TotalMilliseconds;
        if (_history.Frame == 0)
        {
            // Of no frame at all yet.
            Write(Left, y, _text, buffer, $"frame -");
        }
        else
        {
            Write(Left, y, _text, buffer, $"frame {_history.Frame:0.0} ms");
            Write(Left + 108, y, _faint, buffer, $"graph to {_history.Scale:0} ms");
        }

        y += Line;
        DrawGraph(Left, y, budget);
        y += GraphHeight + 3;
        Write(Left, y, _text, buffer, $"tick {_history.Tick:0.0} of {budget:0.0} ms");
        Bar(Left + 138, y + 3, 66, budget == 0 ? 0 : _history.Tick / budget, _history.Tick > budget ? _over : _warm);
        y += Line;
        Write(
            Left, y, _text, buffer,
            $"{stage.Surfaces.Solver.Name}, {stage.Surfaces.Steps} steps, "
            + $"{(stage.Surfaces.Fade > TimeSpan.Zero ? "fades" : "shows")} "
            + $"{(stage.Surfaces.Display == SampleView.Sample ? "x_t" : "x0")}");
        y += Line;
        Write(
            Left, y, _faint, buffer,
            $"shared by {stage.SharingExample.Path}{(stage.Surfaces.IsPaused ? ", PAUSED" : "")}");
    }

    private void DrawGraph(int left, int top, double budget)
    {
        double perMs = GraphHeight / _history.Scale;
        Fill(left, top, _history.Capacity, GraphHeight, _track with { A = 120 });
        for (int i = 0; i < _history.Count; i++)
        {
            (double frame, double tick) = _history[i];
            int x = left + _history.Capacity - _history.Count + i;
            int frameHeight = Height(frame, perMs);
            int tickHeight = Height(tick, perMs);
            Fill(x, top + GraphHeight - frameHeight, 1, frameHeight - tickHeight, _frame);
            Fill(x, top + GraphHeight - tickHeight, 1, tickHeight, tick > budget ? _over : _warm);
        }

        Fill(left, top + GraphHeight - Height(budget, perMs), _history.Capacity, 1, _text with { A = 150 });
    }

    private void DrawTextures(Span<char> buffer, int width, int height)
    {
        var surfaces = stage.Surfaces.Surfaces;
        int rows = (surfaces.Length + CellsInRow - 1) / CellsInRow;
        int top = height - (rows * CellHeight) - Line - (2 * Padding);
        Fill(0, top, width, height - top, _panel);
        int cell = (width - (2 * Edge)) / CellsInRow;
        for (int i = 0; i < surfaces.Length; i++)
        {
            int x = Edge + (i % CellsInRow * cell);
            DrawTexture(x, top + Padding + (i / CellsInRow * CellHeight), cell - 4, buffer, surfaces[i], i);
        }

        Write(Edge, height - Line, _faint, buffer, $"{Keys}");
    }

    private void DrawTexture(int x, int y, int width, Span<char> buffer, Surface surface, int index)
    {
        TextureProgress progress = stage.Surfaces.Progress(surface);
        bool isSelected = index == stage.Surfaces.Selected;
        bool isDone = progress.Status == ChainStatus.Completed;
        Write(x, y, isSelected ? _text : _faint, buffer, $"{index + 1} {stage.Surfaces.ClassName(surface)}");
        Bar(x, y + 11, width, (double)progress.Step / progress.StepCount, isDone ? _done : _warm);
        if (isSelected)
        {
            Fill(x, y + 11 + BarHeight, width, 1, _text);
        }
    }

    private static int Height(double milliseconds, double perMs)
        => Math.Clamp((int)Math.Ceiling(milliseconds * perMs), 0, GraphHeight);

    private void Bar(int x, int y, int width, double fraction, Rgba colour)
    {
        Fill(x, y, width, BarHeight, _track);
        Fill(x, y, (int)(width * Math.Clamp(fraction, 0, 1)), BarHeight, colour);
    }

    private void Fill(int x, int y, int width, int height, Rgba colour)
    {
        if (width > 0 && height > 0)
        {
            _overlay.Rectangle(x * _unit, y * _unit, width * _unit, height * _unit, colour);
        }
    }

    private void Write(
        int x,
        int y,
        Rgba colour,
        Span<char> buffer,
        [InterpolatedStringHandlerArgument(nameof(buffer))]
        ref MemoryExtensions.TryWriteInterpolatedStringHandler text)
    {
        buffer.TryWrite(ref text, out int length);
        _overlay.Text(x * _unit, y * _unit, buffer[..length], colour, _unit);
    }
}
