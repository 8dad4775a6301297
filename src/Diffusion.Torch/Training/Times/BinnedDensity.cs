namespace Diffusion.Torch.Training.Times;

/// <summary>A density on [0, 1) that is constant in each of equally wide bins. Immutable.</summary>
internal sealed class BinnedDensity
{
    private readonly double[] _mass;
    private readonly double[] _upTo;

    /// <param name="masses">Positive, one a bin; they need not sum to 1.</param>
    public BinnedDensity(double[] masses)
    {
        var total = masses.Sum();
        _mass = Array.ConvertAll(masses, mass => mass / total);
        _upTo = new double[masses.Length];
        double sum = 0;
        for (var i = 0; i < masses.Length; i++)
        {
            sum += _mass[i];
            _upTo[i] = sum;
        }
    }

    /// <summary>The time below which a share <paramref name="quantile"/> in [0, 1) of the mass lies.</summary>
    public TimeDraw At(double quantile)
    {
        var bin = Array.BinarySearch(_upTo, quantile);
        bin = Math.Min(bin < 0 ? ~bin : bin + 1, _mass.Length - 1);
        var inside = Math.Clamp((quantile - (_upTo[bin] - _mass[bin])) / _mass[bin], 0, 1);

        // Never the next bin's first point by rounding: the weight would not be that of the time.
        var unit = Math.Min((bin + inside) / _mass.Length, Math.BitDecrement((bin + 1.0) / _mass.Length));
        return new TimeDraw(unit, 1 / (_mass.Length * _mass[bin]));
    }
}
