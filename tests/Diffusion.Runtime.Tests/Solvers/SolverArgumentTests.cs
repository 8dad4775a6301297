using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>What solvers and their catalogue refuse.</summary>
public sealed class SolverArgumentTests
{
    [Fact]
    public void DdimSolver_EtaOutsideTheUnitInterval_NamesTheRule()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimSolver(double.NaN));
    }

    [Theory]
    [InlineData(-1, 0, 1, 1)]
    [InlineData(double.NaN, 0, 1, 1)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(1, 0, 1, -1)]
    public void HeunSolver_ChurnThatBreaksARule_Throws(double amount, double min, double max, double noise) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeunSolver(new EdmChurn(amount, min, max, noise)));

    [Fact]
    public void Parse_UnknownSolver_ListsTheKnown()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => SolverCatalog.Parse("heum"));

        Assert.Contains("'heum'; known are ddpm, ddpm-large", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OptimalVarianceWithoutACurve_SaysSo() => Assert.Contains(
        "needs the optimal variance",
        Assert.Throws<ArgumentException>(() => SolverCatalog.Parse("ddpm-optimal")).Message,
        StringComparison.Ordinal);
}
