namespace Diffusion.Runtime.Backends;

/// <summary>
/// Dynamic thresholding: an estimate whose brightest values leave the range is scaled back into it as a whole.
/// [Saharia22, Sec. 2.3]
/// </summary>
internal static class DynamicThreshold
{
    /// <summary>Clamps to [-s, s] and scales by limit/s, s the larger of the limit and a percentile of |D|.</summary>
    /// <param name="denoised">D, changed in place.</param>
    /// <param name="scratch">As long as D; its content is lost.</param>
    /// <param name="ratio">The percentile as a share, in (0, 1].</param>
    /// <param name="limit">The range's end, above 0; infinity changes nothing.</param>
    public static void Apply(Span<float> denoised, Span<float> scratch, float ratio, float limit)
    {
        for (int i = 0; i < denoised.Length; i++)
        {
            scratch[i] = MathF.Abs(denoised[i]);
        }

        int rank = Math.Min((int)(ratio * denoised.Length), denoised.Length - 1);
        float threshold = Select(scratch, rank);
        if (!(threshold > limit))
        {
            threshold = limit;
        }

        float scale = float.IsFinite(threshold) ? limit / threshold : 1;
        foreach (ref float value in denoised)
        {
            value = scale * MathF.Min(MathF.Max(value, -threshold), threshold);
        }
    }

    // Hoare's quickselect: linear on average, where sorting a megapixel would not be.
    private static float Select(Span<float> values, int rank)
    {
        (int left, int right) = (0, values.Length - 1);
        while (left < right)
        {
            float pivot = values[left + ((right - left) / 2)];
            (int i, int j) = (left, right);
            while (i <= j)
            {
                while (values[i] < pivot)
                {
                    i++;
                }

                while (pivot < values[j])
                {
                    j--;
                }

                if (i <= j)
                {
                    (values[i], values[j]) = (values[j], values[i]);
                    i++;
                    j--;
                }
            }

            if (rank <= j)
            {
                right = j;
            }
            else if (rank >= i)
            {
                left = i;
            }
            else
            {
                break;
            }
        }

        return values[rank];
    }
}
