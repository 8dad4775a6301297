using System.Globalization;
using System.Text;
using System.Xml.Linq;
using static Diffusion.Cli.Profiling.Html.Markup;

namespace Diffusion.Cli.Profiling.Html;

/// <summary>
/// A policy's frames one after another, and beside them, on the same axis, how often each time occurred.
/// </summary>
internal sealed class FrameChart
{
    private const double Width = 1040;
    private const double Height = 200;
    private const double Left = 44;
    private const double Top = 24;
    private const double Bottom = 178;
    private const double LineRight = 800;
    private const double BarLeft = 822;
    private const double BarRight = 1030;
    private const double ColumnWidth = 1.5;
    private const int Bins = 48;

    private readonly PolicyRun _run;
    private readonly double[] _times;
    private readonly double _limit;
    private readonly Scale _vertical;

    /// <param name="run">The frames.</param>
    /// <param name="limit">What a frame may take, in milliseconds: the host's own time and the budget.</param>
    /// <param name="max">The end of the axis, in milliseconds.</param>
    public FrameChart(PolicyRun run, double limit, double max)
    {
        _run = run;
        _limit = limit;
        _vertical = new Scale(max, Bottom, Top);
        _times = new double[run.Count];
        for (int frame = 0; frame < run.Count; frame++)
        {
            _times[frame] = run.Samples[frame].Time.TotalMilliseconds;
        }
    }

    /// <summary>Draws it.</summary>
    public XElement Draw(ProfileSettings settings) => Drawing(
        Width,
        Height,
        $"Frame times of {_run.Name}: every frame, and a histogram",
        settings.LoadsCpu ? Load(settings) : null,
        Grid(),
        Timeline(),
        Histogram(),
        Line("limit", Left, _vertical.At(_limit), LineRight, _vertical.At(_limit)),
        Line("limit", BarLeft, _vertical.At(_limit), BarRight, _vertical.At(_limit)),
        Beyond());

    private XElement[] Load(ProfileSettings settings)
    {
        double begin = X(settings.LoadBegin);
        double end = X(settings.LoadEnd);
        return
        [
            Rectangle("load", begin, Top, end - begin, Bottom - Top, "A second process burns a core."),
            Text("note", begin, Top - 8, "another process burns a core"),
        ];
    }

    private IEnumerable<XElement> Grid()
    {
        foreach (double tick in _vertical.Ticks(4))
        {
            double y = _vertical.At(tick);
            yield return Line("grid", Left, y, LineRight, y);
            yield return Line("grid", BarLeft, y, BarRight, y);
            yield return Text("axis end", Left - 6, y + 4, tick.ToString("0.##", CultureInfo.InvariantCulture));
        }

        foreach (double tick in new Scale(_run.Count, 0, 1).Ticks(5))
        {
            yield return Text("axis middle", X(tick), Bottom + 17, Count(tick));
        }

        yield return Text("axis end", Left - 6, Top - 8, "ms");
    }

    // A column a pixel and a half wide shows from the shortest to the longest of its frames: no spike is lost.
    private XElement[] Timeline()
    {
        int columns = Math.Min(_run.Count, (int)((LineRight - Left) / ColumnWidth));
        var within = new StringBuilder();
        var beyond = new StringBuilder();
        var medians = new StringBuilder();
        for (int column = 0; column < columns; column++)
        {
            int begin = (int)((long)column * _run.Count / columns);
            int end = (int)((long)(column + 1) * _run.Count / columns);
            double[] times = [.. _times[begin..end].Order()];
            double x = Left + ((column + 0.5) * (LineRight - Left) / columns);
            Append(within, x, Math.Min(times[0], _limit), Math.Min(times[^1], _limit));
            if (times[^1] > _limit)
            {
                Append(beyond, x, Math.Max(times[0], _limit), times[^1]);
            }

            medians.Append(column == 0 ? 'M' : 'L').Append(Number(x)).Append(' ')
                .Append(Number(_vertical.At(times[times.Length / 2])));
        }

        return
        [
            Path($"range {_run.Name}", within.ToString()),
            Path("range over", beyond.ToString()),
            Path($"median {_run.Name}", medians.ToString()),
        ];
    }

    private void Append(StringBuilder path, double x, double low, double high)
    {
        double bottom = _vertical.At(low);
        double top = Math.Min(_vertical.At(high), bottom - 0.8);
        path.Append('M').Append(Number(x)).Append(' ').Append(Number(bottom)).Append('V').Append(Number(top));
    }

    private IEnumerable<XElement> Histogram()
    {
        int[] counts = new int[Bins];
        double width = _vertical.Max / Bins;
        foreach (double time in _times)
        {
            counts[Math.Min(Bins - 1, (int)(time / width))]++;
        }

        var horizontal = new Scale(counts.Max(), BarLeft, BarRight);
        for (int bin = 0; bin < Bins; bin++)
        {
            if (counts[bin] == 0)
            {
                continue;
            }

            double low = bin * width;
            bool isOver = low + (width / 2) > _limit;
            string upper = bin == Bins - 1 ? "or more" : $"to {Milliseconds(low + width)}";
            double y = _vertical.At(low + width);
            yield return Rectangle(
                isOver ? "bar over" : $"bar {_run.Name}",
                BarLeft,
                y + 0.5,
                Math.Max(1.5, horizontal.At(counts[bin]) - BarLeft),
                _vertical.At(low) - y - 1,
                $"{Milliseconds(low)} {upper}: {Count(counts[bin])} frames");
        }
    }

    private XElement? Beyond()
    {
        int count = _times.Count(time => time > _vertical.Max);
        string frames = count == 1 ? "1 frame" : $"{Count(count)} frames";
        string note = $"{frames} beyond the axis, up to {Milliseconds(_times.Max())}";
        return count == 0 ? null : Text("note end", LineRight, Top - 8, note);
    }

    private double X(double frame) => Left + (frame / _run.Count * (LineRight - Left));
}
