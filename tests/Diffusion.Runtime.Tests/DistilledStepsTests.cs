using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

/// <summary>A network that was taught 1, 2 and 4 steps: row k·3 + label of its class table.</summary>
public sealed class DistilledStepsTests
{
    private static readonly ModelDescription _model = GaussianBackend.Model with
    {
        NullLabel = -1,
        DistilledSteps = [1, 2, 4],
    };

    private static readonly TextureRequest _request = new()
    {
        Width = 8,
        Height = 8,
        ClassName = "wood",
        Solver = new DdimSolver(),
        Steps = 4,
    };

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(2, new[] { 4, 4 })]
    [InlineData(3, new[] { 4, 4, 4 })]
    [InlineData(4, new[] { 7, 7, 7, 7 })]
    [InlineData(5, new[] { 7, 7, 7, 7, 7 })]
    public void Tick_NumberOfSteps_AsksTheRowThatWasTaughtIt(int steps, int[] labels)
    {
        Assert.Equal(labels, LabelsOf(_request with { Steps = steps }));
    }

    [Fact]
    public void Tick_NeitherSolverNorSteps_TakesTheMostThatWereTaught()
    {
        Assert.Equal([7, 7, 7, 7], LabelsOf(_request with { Solver = null, Steps = null }));
        Assert.Equal([4, 4], LabelsOf(_request with { Solver = null, Steps = 2 }));
        Assert.Equal([7, 7, 7, 7], LabelsOf(_request with { Steps = null }));
    }

    [Fact]
    public void Submit_NeitherSolverNorStepsToAnUndistilledNetwork_TakesTwentyOfDpmSolver()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model);
        TextureRequest named = _request with { Solver = new DpmSolverPlusPlusSolver(), Steps = 20 };
        TextureHandle texture = runtime.Submit(_request with { Solver = null, Steps = null });
        TextureHandle same = runtime.Submit(named);
        runtime.Tick(TimeSpan.FromDays(1));

        Assert.Equal(20, runtime.GetProgress(texture).StepCount);
        Assert.Equal(
            runtime.GetSamples(same).Sample(runtime.GetSamples(same).CurrentSlot).ToArray(),
            runtime.GetSamples(texture).Sample(runtime.GetSamples(texture).CurrentSlot).ToArray());
    }

    [Fact]
    public void Tick_AnotherSchedule_GoesByTheNoise()
    {
        NoiseLevel[] levels = StepGrid.Create(_model.Schedule, StepSpacing.Trailing, 4);
        VpSchedule other = new();
        double[] times = [.. levels.SkipLast(1).Select(level => other.TimeAtLambda(level.Lambda))];

        Assert.Equal([7, 7, 7, 7], LabelsOf(_request with { Schedule = other, Times = times }));
    }

    [Fact]
    public void Tick_HalfOfTheChainFromAnImage_KeepsTheRowOfItsSteps()
    {
        Assert.Equal([7, 7], LabelsOf(_request with { Image = new float[192], Strength = 0.5 }));
    }

    [Fact]
    public void ChangeSteps_FourThinnedToTwo_AsksTheRowOfTwo()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, _model);
        TextureHandle texture = runtime.Submit(_request);
        runtime.ChangeSteps(texture, 2);
        runtime.Tick(TimeSpan.FromDays(1));

        Assert.Equal([4, 4], backend.Evaluations.Select(evaluation => evaluation.ClassLabel));
    }

    [Theory]
    [InlineData("dpmpp-2m")]
    [InlineData("heun")]
    [InlineData("pf-ode")]
    [InlineData("unipc-1")]
    [InlineData("consistency")]
    [InlineData("ddpm")]
    public void Submit_SolverThatIsNotDdim_IsRefusedByName(string solver)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, _model);

        var error = Assert.Throws<ArgumentException>(
            () => runtime.Submit(_request with { Solver = SolverCatalog.Parse(solver) }));

        Assert.Contains($"'{solver}' does not go with this network", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.LiveSessions);
    }

    [Theory]
    [InlineData("euler", 4)]
    [InlineData("dpmpp-1", 4)]
    [InlineData("dpmpp-2m", 1)]
    public void Submit_AnotherNameForTheSameSteps_IsTaken(string solver, int steps)
    {
        Assert.Equal(
            LabelsOf(_request with { Steps = steps }),
            LabelsOf(_request with { Steps = steps, Solver = SolverCatalog.Parse(solver) }));
    }

    [Fact]
    public void Submit_RowBeyondTheClasses_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, _model);

        var error = Assert.Throws<ArgumentException>(
            () => runtime.Submit(_request with { ClassName = null, ClassLabel = 3 }));

        Assert.Contains("ClassLabel must be 0 to 2, not 3.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Submit_Guidance_IsRefused()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, _model);

        Assert.Throws<ArgumentException>(() => runtime.Submit(_request with { GuidanceScale = 3 }));
    }

    [Fact]
    public void AdaptiveFlowSampler_DistilledNetwork_IsRefused()
    {
        using GaussianBackend backend = new();

        Assert.Throws<ArgumentException>(() => new AdaptiveFlowSampler(backend, _model));
    }

    private static int[] LabelsOf(TextureRequest request)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, _model);
        runtime.Submit(request);
        runtime.Tick(TimeSpan.FromDays(1));
        return [.. backend.Evaluations.Select(evaluation => evaluation.ClassLabel)];
    }
}
