namespace Diffusion.Render.Compute.Tuning;

/// <summary>Times variants of the same dispatches against each other.</summary>
/// <remarks>
/// Each dispatch is run by one variant after the other before the next dispatch is, so that a machine whose speed
/// changes does so for all of them; who begins changes from round to round, since the first may find a device that has
/// just been idle. Of a dispatch's times the median counts, which a disturbance of a few rounds does not move.
/// </remarks>
internal static class VariantTrial
{
    /// <summary>Rounds of each dispatch and variant; odd, so that the median is one of the times.</summary>
    public const int Rounds = 9;

    // What wins by less is luck.
    private const double Margin = 0.97;

    /// <summary>What each variant takes for all dispatches: the sum of their medians.</summary>
    /// <param name="variants">How many there are.</param>
    /// <param name="dispatches">Those in which they differ.</param>
    /// <param name="time">Runs a dispatch by a variant and returns its nanoseconds.</param>
    public static double[] Times(int variants, IReadOnlyList<int> dispatches, Func<int, int, double> time)
    {
        var times = new double[variants, dispatches.Count, Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < dispatches.Count; i++)
            {
                for (int turn = 0; turn < variants; turn++)
                {
                    int variant = (turn + round) % variants;
                    times[variant, i, round] = time(variant, dispatches[i]);
                }
            }
        }

        return
        [
            .. Enumerable.Range(0, variants).Select(variant => Enumerable.Range(0, dispatches.Count).Sum(
                i => Enumerable.Range(0, Rounds).Select(round => times[variant, i, round]).Order()
                    .ElementAt(Rounds / 2))),
        ];
    }

    /// <summary>Index of the fastest, or 0, the variant in use, where none is clearly faster than that.</summary>
    public static int Fastest(IReadOnlyList<double> times)
    {
        int best = 0;
        for (int i = 1; i < times.Count; i++)
        {
            best = times[i] < Margin * times[0] && times[i] < times[best] ? i : best;
        }

        return best;
    }
}
