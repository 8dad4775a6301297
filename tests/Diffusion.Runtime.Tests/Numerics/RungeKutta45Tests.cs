using Diffusion.Runtime.Numerics;

namespace Diffusion.Runtime.Tests.Numerics;

public sealed class RungeKutta45Tests
{
    // Halving a step divides the error by 2^5 up to the next term, still visible at these step counts.
    private const double OrderTolerance = 0.25;

    // The tolerance bounds each step's error; over a few dozen steps of a stable problem the sum stays within this.
    private const double GlobalFactor = 20;

    [Fact]
    public void IntegrateEvenly_Decay_ConvergesWithOrderFive() =>
        AssertOrder((t, y, dy) => dy[0] = -y[0], [1], [Math.Exp(-2)], 2, 20);

    [Fact]
    public void IntegrateEvenly_NonlinearProblem_ConvergesWithOrderFive() =>

        // The logistic equation y' = y·(1 - y) has y = 1/(1 + 9·e^-t) from 0.1 on.
        AssertOrder((t, y, dy) => dy[0] = y[0] * (1 - y[0]), [0.1], [1 / (1 + (9 * Math.Exp(-3)))], 3, 32);

    [Theory]
    [InlineData(1e-4)]
    [InlineData(1e-7)]
    [InlineData(1e-10)]
    public void Integrate_Pendulum_StaysWithinToleranceOfADenseReference(double tolerance)
    {
        double[] reference = [1, 0];
        new RungeKutta45(2).IntegrateEvenly(Pendulum, 0, 10, 20_000, reference);
        RungeKutta45 solver = new(2, tolerance, tolerance);
        double[] y = [1, 0];

        solver.Integrate(Pendulum, 0, 10, y);

        Assert.Equal(reference[0], y[0], GlobalFactor * tolerance);
        Assert.Equal(reference[1], y[1], GlobalFactor * tolerance);
    }

    [Fact]
    public void Integrate_TighterTolerance_CostsMoreEvaluationsAsOrderFiveDoes()
    {
        RungeKutta45 loose = new(2, 1e-5, 1e-5);
        RungeKutta45 tight = new(2, 1e-10, 1e-10);
        loose.Integrate(Pendulum, 0, 30, [1, 0]);
        tight.Integrate(Pendulum, 0, 30, [1, 0]);

        // (10^5)^(1/5) = 10 times the steps.
        Assert.InRange((double)tight.AcceptedSteps / loose.AcceptedSteps, 6, 16);
    }

    [Fact]
    public void Integrate_AcceptedSteps_CostSixEvaluationsEach()
    {
        RungeKutta45 solver = new(2);

        solver.Integrate(Pendulum, 0, 10, [1, 0]);

        // One at the start and one for the first step's size; the last stage of a step serves the next.
        Assert.Equal(2 + (6 * (solver.AcceptedSteps + solver.RejectedSteps)), solver.Evaluations);
        Assert.InRange(solver.AcceptedSteps, 10, 500);
    }

    [Fact]
    public void Integrate_ThereAndBack_ReturnsToTheStart()
    {
        RungeKutta45 solver = new(2, 1e-11, 1e-11);
        double[] y = [1, 0.3];

        solver.Integrate(Pendulum, 0, 5, y);
        solver.Integrate(Pendulum, 5, 0, y);

        Assert.Equal(1, y[0], 1e-8);
        Assert.Equal(0.3, y[1], 1e-8);
    }

    [Fact]
    public void Integrate_EmptyInterval_ChangesNothing()
    {
        double[] y = [3];

        new RungeKutta45(1).Integrate((t, x, dx) => dx[0] = x[0], 2, 2, y);

        Assert.Equal(3, y[0]);
    }

    [Fact]
    public void Integrate_PoleInside_StopsBeforeIt()
    {
        // y' = y² from 1 has its pole at t = 1.
        IntegrationException error = Assert.Throws<IntegrationException>(
            () => new RungeKutta45(1).Integrate((t, y, dy) => dy[0] = y[0] * y[0], 0, 2, [1]));

        Assert.StartsWith("The integration stopped at 1 on the way to 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Integrate_DerivativeIsNaN_SaysThatTheStepUnderflowed()
    {
        IntegrationException error = Assert.Throws<IntegrationException>(
            () => new RungeKutta45(1).Integrate((t, y, dy) => dy[0] = t > 0.5 ? double.NaN : 1, 0, 1, [0]));

        Assert.Contains("the step fell to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Integrate_TooFewEvaluationsAllowed_NamesTheLimit()
    {
        RungeKutta45 solver = new(2, 1e-12, 1e-12, maxEvaluations: 100);

        IntegrationException error = Assert.Throws<IntegrationException>(
            () => solver.Integrate(Pendulum, 0, 1000, [1, 0]));

        Assert.Contains("100 evaluations", error.Message, StringComparison.Ordinal);
        Assert.InRange(solver.Evaluations, 90, 100);
    }

    [Fact]
    public void Integrate_Warm_AllocatesNothing()
    {
        RungeKutta45 solver = new(2);
        OdeDerivative pendulum = Pendulum;
        double[] y = [1, 0];
        solver.Integrate(pendulum, 0, 1, y);
        long before = GC.GetAllocatedBytesForCurrentThread();

        solver.Integrate(pendulum, 1, 20, y);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(0, 1e-6, 1e-6, 100)]
    [InlineData(1, 0, 1e-6, 100)]
    [InlineData(1, double.NaN, 1e-6, 100)]
    [InlineData(1, 1e-6, -1, 100)]
    [InlineData(1, 1e-6, double.PositiveInfinity, 100)]
    [InlineData(1, 1e-6, 1e-6, 7)]
    public void RungeKutta45_BadSetting_Throws(int dimension, double absolute, double relative, int evaluations) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new RungeKutta45(dimension, absolute, relative, evaluations));

    [Fact]
    public void Integrate_WrongLengthOrEnd_NamesIt()
    {
        RungeKutta45 solver = new(2);
        Assert.Contains("takes 2", Assert.Throws<ArgumentException>(
            () => solver.Integrate(Pendulum, 0, 1, [1])).Message, StringComparison.Ordinal);
        Assert.Contains("finite", Assert.Throws<ArgumentException>(
            () => solver.Integrate(Pendulum, 0, double.PositiveInfinity, [1, 0])).Message, StringComparison.Ordinal);
    }

    private static void Pendulum(double time, ReadOnlySpan<double> y, Span<double> derivative)
    {
        derivative[0] = y[1];
        derivative[1] = -Math.Sin(y[0]);
    }

    private static void AssertOrder(OdeDerivative derivative, double[] start, double[] exact, double to, int stepCount)
    {
        double measured = Math.Log2(Error(stepCount) / Error(2 * stepCount));

        Assert.InRange(measured, 5 - OrderTolerance, 5 + OrderTolerance);

        double Error(int steps)
        {
            double[] y = [.. start];
            new RungeKutta45(y.Length).IntegrateEvenly(derivative, 0, to, steps, y);
            return y.Zip(exact, (value, wanted) => Math.Abs(value - wanted)).Max();
        }
    }
}
