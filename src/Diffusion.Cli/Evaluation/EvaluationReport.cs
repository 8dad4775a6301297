using System.Globalization;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using Spectre.Console;

namespace Diffusion.Cli.Evaluation;

/// <summary>
/// Prints the result of an evaluation: mean and standard error over pictures, time, and terms by noise level.
/// </summary>
internal sealed class EvaluationReport(IAnsiConsole console, int count, TimeSpan elapsed)
{
    private const int Rows = 10;

    /// <summary>The variational bound, with its terms in groups of neighbouring levels.</summary>
    public void Bound(
        IReadOnlyList<VariationalTerms> batches,
        IReadOnlyList<NoiseLevel> levels,
        BetaSchedule schedule,
        StepVariance variance)
    {
        double[][] pictures =
            [.. batches.SelectMany(batch => Enumerable.Range(0, batch.Count).Select(i => batch.Of(i).ToArray()))];
        int steps = levels.Count - 1;
        var table = new Table().AddColumns("term", "levels", "lambda", "bits/dim", "std error");
        Add("L_0 decoder", 0, 0);
        for (int row = 0; row < Math.Min(Rows, steps - 1); row++)
        {
            int rows = Math.Min(Rows, steps - 1);
            Add("L_t", 1 + (row * (steps - 1) / rows), (row + 1) * (steps - 1) / rows);
        }

        Add("L_T prior", steps, steps);
        console.Write(table);
        Print($"variational bound, {variance.ToString().ToLowerInvariant()} variance, {steps} steps",
            [.. pictures.Select(one => one.Sum())]);

        void Add(string name, int first, int last)
        {
            (double mean, double error) = Moments([.. pictures.Select(one => one[first..(last + 1)].Sum())]);
            NoiseLevel Noisy(int term) => levels[Math.Max(0, steps - 1 - term)];
            string times = first == last
                ? Format($"{schedule.NetworkTime(Noisy(first).Time):F0}")
                : Format($"{schedule.NetworkTime(Noisy(first).Time):F0} - {schedule.NetworkTime(Noisy(last).Time):F0}");
            string lambdas = first == last
                ? Format($"{Noisy(first).Lambda:F2}")
                : Format($"{Noisy(first).Lambda:F2} - {Noisy(last).Lambda:F2}");
            table.AddRow(name, times, lambdas, Format($"{mean:F5}"), Format($"{error:F5}"));
        }
    }

    /// <summary>The likelihood by the ODE.</summary>
    public void Flow(IReadOnlyList<double> bits, double evaluations) =>
        Print(Format($"probability-flow ODE, {evaluations:F0} evaluations a batch"), bits);

    /// <summary>Where the curve is and what it spans.</summary>
    public void Curve(CleanVariance curve, string model)
    {
        string lambdas = Format($"lambda {curve.Lambdas[0]:F2} to {curve.Lambdas[^1]:F2}");
        string variances = Format($"variance {curve.Variances[0]:G4} to {curve.Variances[^1]:G4}");
        console.WriteLine($"optimal variance: {curve.Lambdas.Count} levels, {lambdas}, {variances}");
        console.WriteLine(Format($"{count} pictures, {Seconds():F3} s a picture; saved in {model}"));
    }

    private void Print(string what, IReadOnlyList<double> bits)
    {
        (double mean, double error) = Moments(bits);
        console.WriteLine(Format($"{mean:F4} +- {error:F4} bits/dim ({what})"));
        console.WriteLine(Format($"{count} held-out pictures, {Seconds():F3} s a picture"));
    }

    private double Seconds() => elapsed.TotalSeconds / count;

    /// <summary>Mean and its standard error; that of a single picture is not known.</summary>
    private static (double Mean, double Error) Moments(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return (mean, values.Count < 2 ? double.NaN : Math.Sqrt(squares / (values.Count - 1) / values.Count));
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
