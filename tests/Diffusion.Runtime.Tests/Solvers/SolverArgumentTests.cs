using Diffusion.Runtime.Denoising;
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
    public void WithEta_Ddim_HasItAndKeepsItsCurve()
    {
        CleanVariance curve = new([0], [0]);

        Assert.Equal(0.25, Assert.IsType<DdimSolver>(SolverCatalog.WithEta(new DdimSolver(), 0.25)).Eta);
        Assert.Same(
            curve, Assert.IsType<DdimSolver>(SolverCatalog.WithEta(new DdimSolver(optimal: curve), 0.25)).Optimal);
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverCatalog.WithEta(new DdimSolver(), -0.1));
    }

    [Fact]
    public void WithChurn_Edm_ChangesTheAmountAlone()
    {
        Solver edm = SolverCatalog.Parse("edm");

        HeunSolver changed = Assert.IsType<HeunSolver>(SolverCatalog.WithChurn(edm, 7));

        Assert.Equal(EdmChurn.ImageNet64 with { Amount = 7 }, changed.Churn);
        Assert.Equal("heun", SolverCatalog.WithChurn(edm, 0).Name);
        Assert.Throws<ArgumentOutOfRangeException>(() => SolverCatalog.WithChurn(edm, double.NaN));
    }

    [Theory]
    [InlineData("heun", "The solver 'heun' has no churn; edm has.")]
    [InlineData("ddpm", "The solver 'ddpm' has no churn; edm has.")]
    public void WithChurn_OtherSolver_SaysWhichHaveIt(string name, string message) => Assert.StartsWith(
        message,
        Assert.Throws<ArgumentException>(() => SolverCatalog.WithChurn(SolverCatalog.Parse(name), 1)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void WithEta_OtherSolver_SaysWhichHaveIt() => Assert.StartsWith(
        "The solver 'euler-ancestral' has no eta; ddim and ddim-optimal have.",
        Assert.Throws<ArgumentException>(() => SolverCatalog.WithEta(new EulerAncestralSolver(), 1)).Message,
        StringComparison.Ordinal);

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
