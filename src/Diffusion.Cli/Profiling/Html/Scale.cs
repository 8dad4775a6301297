namespace Diffusion.Cli.Profiling.Html;

/// <summary>A linear axis from 0: values to coordinates.</summary>
/// <param name="Max">The largest value shown.</param>
/// <param name="From">The coordinate of 0.</param>
/// <param name="To">The coordinate of <paramref name="Max"/>.</param>
internal readonly record struct Scale(double Max, double From, double To)
{
    /// <summary>The coordinate of a value; of one beyond the axis, its end.</summary>
    public double At(double value) => From + (Math.Clamp(value / Max, 0, 1) * (To - From));

    /// <summary>Round values along the axis, 0 included.</summary>
    /// <param name="count">About how many.</param>
    public IEnumerable<double> Ticks(int count)
    {
        double rough = Max / count;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch
        {
            <= 1 => 1,
            <= 2 => 2,
            <= 5 => 5,
            _ => 10,
        };
        for (int i = 0; i * step <= Max * (1 + 1e-9); i++)
        {
            yield return i * step;
        }
    }
}
