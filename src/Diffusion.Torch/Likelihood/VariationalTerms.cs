namespace Diffusion.Torch.Likelihood;

/// <summary>The variational bound of some pictures, term by term.</summary>
/// <remarks>Immutable; any thread. All numbers are bits per dimension (pixel and channel).</remarks>
public sealed class VariationalTerms
{
    private readonly double[][] _terms;

    internal VariationalTerms(double[][] terms)
    {
        _terms = terms;
        Totals = [.. terms.Select(one => one.Sum())];
    }

    /// <summary>Pictures.</summary>
    public int Count => _terms.Length;

    /// <summary>The bound of each picture, the sum of its terms.</summary>
    public IReadOnlyList<double> Totals { get; }

    /// <summary>L_0 .. L_T of one picture: T+1 numbers, the discrete decoder first and the prior last.</summary>
    public IReadOnlyList<double> Of(int picture) => _terms[picture];
}
