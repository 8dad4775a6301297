using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The solver of a <c>diffusion_request</c> with its options, and the times that it steps on.</summary>
/// <remarks>An option that is zero is the named solver's own; one for another solver is refused.</remarks>
internal static unsafe class SolverReader
{
    /// <exception cref="ArgumentException">The name is unknown, or the solver lacks the option.</exception>
    /// <exception cref="PluginException">An option is out of range.</exception>
    public static Solver Read(in NativeRequest native, ModelDescription model)
    {
        Solver solver = Utf8Text.Read(native.Solver, "solver") is { } name
            ? SolverCatalog.Parse(name, model.CleanVariance)
            : model.DefaultSolver;
        RequestReader.Require(native.Eta is >= 0 and <= 1, $"eta must be from 0 to 1, not {native.Eta}.");
        solver = native.Eta == 0 ? solver : SolverCatalog.WithEta(solver, native.Eta);
        return WithCorrector(WithChurn(solver, native), native.CorrectorSnr);
    }

    /// <summary>Empty for the request's spacing; a copy.</summary>
    /// <exception cref="PluginException">A count without times, or times without a count that is in range.</exception>
    public static ReadOnlyMemory<double> ReadTimes(in NativeRequest native)
    {
        RequestReader.Require(
            native.Times is null ? native.TimeCount == 0 : native.TimeCount is > 0 and <= StepGrid.MaxStepCount,
            native.Times is null
                ? $"times is null and time_count is {native.TimeCount}."
                : $"time_count must be from 1 to {StepGrid.MaxStepCount}, not {native.TimeCount}.");
        return new ReadOnlySpan<double>(native.Times, (int)native.TimeCount).ToArray();
    }

    /// <summary>Null to end at the clean image.</summary>
    /// <exception cref="PluginException">It is no number.</exception>
    public static double? ReadEndTime(in NativeRequest native)
    {
        if (!((RequestFlags)native.Flags).HasFlag(RequestFlags.EndTime))
        {
            return null;
        }

        RequestReader.Require(double.IsFinite(native.EndTime), $"end_time must be finite, not {native.EndTime}.");
        return native.EndTime;
    }

    private static Solver WithChurn(Solver solver, in NativeRequest native)
    {
        if (native is { Churn: 0, ChurnMinSigma: 0, ChurnMaxSigma: 0, ChurnNoise: 0 })
        {
            return solver;
        }

        RequestReader.Require(
            solver is HeunSolver { IsStochastic: true },
            $"The solver '{solver.Name}' has no churn, churn_min_sigma, churn_max_sigma or churn_noise; edm has.");
        EdmChurn own = ((HeunSolver)solver).Churn;
        EdmChurn churn = new(
            Or(native.Churn, own.Amount), Or(native.ChurnMinSigma, own.MinSigma),
            Or(native.ChurnMaxSigma, own.MaxSigma), Or(native.ChurnNoise, own.Noise));
        RequireFinite(churn.Amount, "churn");
        RequestReader.Require(
            churn.MinSigma >= 0 && churn.MaxSigma >= churn.MinSigma,
            "churn_min_sigma and churn_max_sigma must have 0 <= minimum <= maximum, "
            + $"not {churn.MinSigma} and {churn.MaxSigma}.");
        RequireFinite(churn.Noise, "churn_noise");
        return new HeunSolver(churn);
    }

    private static Solver WithCorrector(Solver solver, double snr)
    {
        if (snr == 0)
        {
            return solver;
        }

        RequestReader.Require(
            solver is PredictorCorrectorSolver, $"The solver '{solver.Name}' has no corrector_snr; pc has.");
        RequireFinite(snr, "corrector_snr");
        return new PredictorCorrectorSolver(snr);
    }

    // Zero never comes here, or is a default.
    private static void RequireFinite(double value, string name) => RequestReader.Require(
        value >= 0 && double.IsFinite(value), $"{name} must be finite and above 0, not {value}; 0 is its default.");

    private static double Or(double value, double usual) => value == 0 ? usual : value;
}
