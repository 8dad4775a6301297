namespace Diffusion.Runtime.Solvers;

/// <summary>The weights a_k of UniPC's differences. [Zhao23, Thm. 3.1]</summary>
internal static class UniPcWeights
{
    /// <summary>The most differences that a step weighs.</summary>
    public const int MaxCount = 3;

    /// <summary>Solves R·a·B(h) = φ(h) with R_ij = r_j^(i-1); a single weight is ½, which the order allows.</summary>
    /// <param name="weights">Receives a_1 .. a_count.</param>
    /// <param name="ratios">r_1 .. r_count, distinct.</param>
    /// <param name="count">1 to <see cref="MaxCount"/>.</param>
    /// <param name="h">The step in λ.</param>
    /// <param name="scale">B(-h): e^(-h) - 1 or -h.</param>
    public static void Solve(Span<double> weights, ReadOnlySpan<double> ratios, int count, double h, double scale)
    {
        if (count == 1)
        {
            weights[0] = 0.5;
            return;
        }

        Span<double> matrix = stackalloc double[MaxCount * MaxCount];
        double phi = (double.ExpM1(-h) / -h) - 1;
        double factorial = 1;
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                matrix[(i * MaxCount) + j] = Math.Pow(ratios[j], i);
            }

            weights[i] = phi * factorial / scale;
            factorial *= i + 2;
            phi = (phi / -h) - (1 / factorial);
        }

        Eliminate(matrix, weights, count);
    }

    // Gauss without pivoting: the first row is all ones, and the ratios differ.
    private static void Eliminate(Span<double> matrix, Span<double> right, int count)
    {
        for (int pivot = 0; pivot < count; pivot++)
        {
            for (int row = 0; row < count; row++)
            {
                if (row == pivot)
                {
                    continue;
                }

                double factor = matrix[(row * MaxCount) + pivot] / matrix[(pivot * MaxCount) + pivot];
                for (int column = pivot; column < count; column++)
                {
                    matrix[(row * MaxCount) + column] -= factor * matrix[(pivot * MaxCount) + column];
                }

                right[row] -= factor * right[pivot];
            }
        }

        for (int row = 0; row < count; row++)
        {
            right[row] /= matrix[(row * MaxCount) + row];
        }
    }
}
