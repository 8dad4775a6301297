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

    // What float16 may do to a whole network, as the parity tests have it; a driver's mistake does far more.
    private const double MostDifference = 2e-2;

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

    /// <summary>How far a variant's output is off, relative to the largest magnitude; infinitely where it is not
    /// finite.</summary>
    /// <param name="expected">What the variant in use makes.</param>
    /// <param name="actual">What the variant makes, as many values.</param>
    public static double Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        (double difference, double magnitude) = (0, float.Epsilon);
        for (int i = 0; i < expected.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs((double)expected[i] - actual[i]));
            magnitude = Math.Max(magnitude, Math.Abs((double)expected[i]));
        }

        return double.IsFinite(difference) ? difference / magnitude : double.PositiveInfinity;
    }

    /// <summary>Whether rounding explains a <see cref="Difference"/>.</summary>
    public static bool IsRight(double difference) => difference <= MostDifference;

    /// <summary>Index of the fastest whose results are right, or 0, the variant in use, where none is clearly faster
    /// than that.</summary>
    /// <param name="times">Of each variant.</param>
    /// <param name="differences">Of each variant's output.</param>
    public static int Fastest(IReadOnlyList<double> times, IReadOnlyList<double> differences)
    {
        int best = 0;
        for (int i = 1; i < times.Count; i++)
        {
            bool wins = IsRight(differences[i]) && times[i] < Margin * times[0] && times[i] < times[best];
            best = wins ? i : best;
        }

        return best;
    }
}
