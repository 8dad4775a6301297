using System.Globalization;

namespace Diffusion.Runtime.Numerics;

/// <summary>Integrates y' = f(t, y) by the explicit pair of orders 5 and 4 with control of the step size.</summary>
/// <remarks>
/// The order-5 result is kept (local extrapolation) and the last stage of a step is the first of the next, so an
/// accepted step costs six evaluations. Working memory is taken once, in the constructor: integrating allocates
/// nothing. One thread at a time. [Dormand80, Table 2] [Hairer93, Sec. II.4]
/// </remarks>
/// <example><code>
/// RungeKutta45 solver = new(dimension: 1);
/// double[] y = [1];
/// solver.Integrate((t, y, dy) => dy[0] = -y[0], 0, 1, y); // y[0] is e^-1
/// </code></example>
public sealed class RungeKutta45
{
    /// <summary>Evaluations that an integration may use unless told otherwise.</summary>
    public const int DefaultMaxEvaluations = 100_000;

    private const int Stages = 7;
    private const double Safety = 0.9;
    private const double LeastFactor = 0.2;
    private const double LargestFactor = 10;

    private readonly double[] _slopes;
    private readonly double[] _trial;
    private readonly double _absoluteTolerance;
    private readonly double _relativeTolerance;
    private readonly int _maxEvaluations;

    /// <summary>Makes an integrator.</summary>
    /// <param name="dimension">Length of y, at least 1.</param>
    /// <param name="absoluteTolerance">Part of a step's tolerated error that does not depend on y, above 0.</param>
    /// <param name="relativeTolerance">Part that is proportional to |y|, at least 0.</param>
    /// <param name="maxEvaluations">Evaluations of f that one integration may use, at least 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value breaks its rule.</exception>
    public RungeKutta45(
        int dimension,
        double absoluteTolerance = 1e-6,
        double relativeTolerance = 1e-6,
        int maxEvaluations = DefaultMaxEvaluations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxEvaluations, Stages + 1);
        if (!(absoluteTolerance > 0 && double.IsFinite(absoluteTolerance)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(absoluteTolerance), absoluteTolerance, "The absolute tolerance must be finite and above 0.");
        }

        if (!(relativeTolerance >= 0 && double.IsFinite(relativeTolerance)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(relativeTolerance), relativeTolerance, "The relative tolerance must be finite and at least 0.");
        }

        Dimension = dimension;
        _absoluteTolerance = absoluteTolerance;
        _relativeTolerance = relativeTolerance;
        _maxEvaluations = maxEvaluations;
        _slopes = new double[checked(Stages * dimension)];
        _trial = new double[dimension];
    }

    /// <summary>Length of y.</summary>
    public int Dimension { get; }

    /// <summary>Evaluations of f by the latest integration.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Steps that the latest integration kept.</summary>
    public int AcceptedSteps { get; private set; }

    /// <summary>Steps that the latest integration threw away because their error was over the tolerance.</summary>
    public int RejectedSteps { get; private set; }

    /// <summary>
    /// Integrates with control of the step size; the root mean square of a step's error stays in tolerance.
    /// </summary>
    /// <param name="derivative">f.</param>
    /// <param name="from">Where y is given.</param>
    /// <param name="to">Where it is wanted; before or after <paramref name="from"/>.</param>
    /// <param name="y">The state, replaced by that at <paramref name="to"/>; after an exception it is where the
    /// integration stopped.</param>
    /// <exception cref="ArgumentException">y has another length, or an end is not finite.</exception>
    /// <exception cref="IntegrationException">The step underflowed, as where f is not finite or has a pole, or the
    /// evaluations ran out.</exception>
    public void Integrate(OdeDerivative derivative, double from, double to, Span<double> y)
    {
        Begin(derivative, from, to, y);
        if (from == to)
        {
            return;
        }

        double time = from;
        double step = Math.CopySign(FirstStep(derivative, from, to, y), to - from);
        bool afterRejection = false;
        while (time != to)
        {
            bool isLast = Math.Abs(to - time) <= Math.Abs(step);
            double next = isLast ? to : time + step;
            if (next == time || double.IsNaN(next))
            {
                throw Stopped(time, to, $"the step fell to {Text(step)}, below what the time can resolve");
            }

            step = next - time;
            if (Evaluations + Stages - 1 > _maxEvaluations)
            {
                throw Stopped(time, to, $"the limit of {_maxEvaluations} evaluations was reached");
            }

            TryStep(derivative, time, step, y);
            double error = ErrorNorm(step, y);

            // [Hairer93, Eq. II.4.13] h ← h·min(10, max(0.2, 0.9·err^(-1/5))); an error that is no number shrinks most.
            double factor = double.IsFinite(error)
                ? Math.Clamp(Safety * Math.Pow(Math.Max(error, 1e-300), -0.2), LeastFactor, LargestFactor)
                : LeastFactor;
            if (error <= 1)
            {
                Accept(y);
                time = next;
                step *= afterRejection ? Math.Min(1, factor) : factor;
                afterRejection = false;
            }
            else
            {
                RejectedSteps++;
                step *= Math.Min(1, factor);
                afterRejection = true;
            }
        }
    }

    /// <summary>Takes equal steps with no look at their error, as a measurement of the order needs.</summary>
    /// <param name="derivative">f.</param>
    /// <param name="from">Where y is given.</param>
    /// <param name="to">Where it is wanted.</param>
    /// <param name="stepCount">Steps, at least 1.</param>
    /// <param name="y">The state, replaced by that at <paramref name="to"/>.</param>
    /// <exception cref="ArgumentException">y has another length, an end is not finite, or there are no
    /// steps.</exception>
    public void IntegrateEvenly(OdeDerivative derivative, double from, double to, int stepCount, Span<double> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stepCount, 1);
        Begin(derivative, from, to, y);
        double step = (to - from) / stepCount;
        for (int i = 0; i < stepCount; i++)
        {
            TryStep(derivative, from + (i * step), step, y);
            Accept(y);
        }
    }

    private void Begin(OdeDerivative derivative, double from, double to, Span<double> y)
    {
        ArgumentNullException.ThrowIfNull(derivative);
        if (y.Length != Dimension)
        {
            throw new ArgumentException($"y has {y.Length} values; this integrator takes {Dimension}.", nameof(y));
        }

        if (!(double.IsFinite(from) && double.IsFinite(to)))
        {
            throw new ArgumentException($"The ends must be finite, not {Text(from)} and {Text(to)}.", nameof(to));
        }

        (Evaluations, AcceptedSteps, RejectedSteps) = (0, 0, 0);
        Evaluate(derivative, from, y, Slope(0));
    }

    private Span<double> Slope(int stage) => _slopes.AsSpan(stage * Dimension, Dimension);

    private void Evaluate(OdeDerivative derivative, double time, ReadOnlySpan<double> y, Span<double> slope)
    {
        Evaluations++;
        derivative(time, y, slope);
    }

    // [Dormand80, Table 2] The seventh stage is f at the new point, whose weights are the sixth row of the table.
    private void TryStep(OdeDerivative f, double t, double h, ReadOnlySpan<double> y)
    {
        Stage(f, 1, t + (h / 5), h, y, [1.0 / 5]);
        Stage(f, 2, t + (3 * h / 10), h, y, [3.0 / 40, 9.0 / 40]);
        Stage(f, 3, t + (4 * h / 5), h, y, [44.0 / 45, -56.0 / 15, 32.0 / 9]);
        Stage(f, 4, t + (8 * h / 9), h, y, [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729]);
        Stage(f, 5, t + h, h, y, [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656]);
        Stage(f, 6, t + h, h, y, [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84]);
    }

    private void Stage(
        OdeDerivative derivative, int stage, double time, double step, ReadOnlySpan<double> y, ReadOnlySpan<double> row)
    {
        y.CopyTo(_trial);
        for (int k = 0; k < row.Length; k++)
        {
            double factor = step * row[k];
            ReadOnlySpan<double> slope = Slope(k);
            for (int i = 0; i < _trial.Length; i++)
            {
                _trial[i] += factor * slope[i];
            }
        }

        Evaluate(derivative, time, _trial, Slope(stage));
    }

    private void Accept(Span<double> y)
    {
        _trial.CopyTo(y);
        Slope(Stages - 1).CopyTo(Slope(0));
        AcceptedSteps++;
    }

    // [Hairer93, Eq. II.4.11] √(mean of (e/(atol + rtol·max(|y|, |y'|)))²), e the orders' difference.
    private double ErrorNorm(double step, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 0; i < _trial.Length; i++)
        {
            double error = step * (
                (71.0 / 57600 * _slopes[i])
                - (71.0 / 16695 * _slopes[(2 * Dimension) + i])
                + (71.0 / 1920 * _slopes[(3 * Dimension) + i])
                - (17253.0 / 339200 * _slopes[(4 * Dimension) + i])
                + (22.0 / 525 * _slopes[(5 * Dimension) + i])
                - (1.0 / 40 * _slopes[(6 * Dimension) + i]));
            double scaled = error / Scale(Math.Max(Math.Abs(y[i]), Math.Abs(_trial[i])));
            sum += scaled * scaled;
        }

        return Math.Sqrt(sum / Dimension);
    }

    // [Hairer93, Sec. II.4] "Starting step size": from |y|, |y'| and one look at how fast y' changes.
    private double FirstStep(OdeDerivative derivative, double from, double to, ReadOnlySpan<double> y)
    {
        ReadOnlySpan<double> slope = Slope(0);
        (double size, double speed) = (0, 0);
        for (int i = 0; i < y.Length; i++)
        {
            double scale = Scale(Math.Abs(y[i]));
            size += y[i] / scale * (y[i] / scale);
            speed += slope[i] / scale * (slope[i] / scale);
        }

        (size, speed) = (Math.Sqrt(size / Dimension), Math.Sqrt(speed / Dimension));
        double interval = Math.Abs(to - from);
        double guess = size < 1e-5 || !(speed >= 1e-5) ? 1e-6 : 0.01 * size / speed;
        guess = Math.Min(guess, interval);
        double signed = Math.CopySign(guess, to - from);
        for (int i = 0; i < y.Length; i++)
        {
            _trial[i] = y[i] + (signed * slope[i]);
        }

        Evaluate(derivative, from + signed, _trial, Slope(1));
        double change = 0;
        for (int i = 0; i < y.Length; i++)
        {
            double difference = (Slope(1)[i] - slope[i]) / Scale(Math.Abs(y[i]));
            change += difference * difference;
        }

        double largest = Math.Max(speed, Math.Sqrt(change / Dimension) / guess);
        double second = largest <= 1e-15 ? Math.Max(1e-6, guess * 1e-3) : Math.Pow(0.01 / largest, 0.2);
        double step = Math.Min(100 * guess, second);
        return Math.Min(interval, double.IsFinite(step) && step > 0 ? step : 1e-6);
    }

    private double Scale(double magnitude) => _absoluteTolerance + (_relativeTolerance * magnitude);

    private static IntegrationException Stopped(double time, double to, string what) => new(
        $"The integration stopped at {Text(time)} on the way to {Text(to)}: {what}; looser tolerances may help.");

    private static string Text(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
