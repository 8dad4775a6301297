using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

/// <summary>Numbers cast to enumerations that have no such member.</summary>
public sealed class UnknownValueTests
{
    [Fact]
    public void DdpmSolver_UnknownVariance_NamesTheValue() => AssertNames99(() => new DdpmSolver((DdpmVariance)99));

    [Fact]
    public void Name_UnknownSpacing_NamesTheValue() => AssertNames99(() => ((StepSpacing)99).Name());

    [Fact]
    public void Name_UnknownPredictionType_NamesTheValue() => AssertNames99(() => ((PredictionType)99).Name());

    private static void AssertNames99(Func<object> action) => Assert.Contains(
        "99", Assert.Throws<ArgumentOutOfRangeException>(action).Message, StringComparison.Ordinal);
}
