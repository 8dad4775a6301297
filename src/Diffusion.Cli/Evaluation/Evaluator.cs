using System.Diagnostics;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Numerics;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using Diffusion.Torch.UNet;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Cli.Evaluation;

/// <summary>Runs an evaluation over its batches; all settings are checked before the weights are read.</summary>
internal sealed class Evaluator
{
    private const int DefaultCurveLevels = 100;
    private const ulong SeedOfNextBatch = 0x9E3779B97F4A7C15;

    private readonly EvaluationSettings _settings;
    private readonly ModelFolder _model;
    private readonly EvaluationData _data;
    private readonly BetaSchedule _schedule;
    private readonly StepVariance _variance;
    private readonly List<double> _bits = [];
    private readonly List<VariationalTerms> _terms = [];
    private IReadOnlyList<NoiseLevel> _levels = [];
    private CleanVariance? _curve;
    private long _evaluations;
    private TimeSpan _elapsed;

    /// <summary>Opens model and data.</summary>
    /// <exception cref="UserErrorException">They do not fit the settings or each other.</exception>
    public Evaluator(EvaluationSettings settings)
    {
        _settings = settings;
        _model = ModelFolder.Open(settings.Model);
        if (_model.Description.DistilledSteps.Count > 0)
        {
            throw new UserErrorException(
                $"The model '{settings.Model}' is distilled: it has no likelihood. Evaluate its teacher.");
        }

        var table = _model.Description.Schedule as BetaSchedule
            ?? throw new UserErrorException($"The model '{settings.Model}' was not trained on a table of betas.");
        _schedule = Respaced(table, settings);
        _variance = VarianceOf(settings, _model);
        if (settings.Kind is EvaluationKind.OptimalVariance)
        {
            OutputFile.RequireWritableFolder(settings.Model, "--model");
        }

        _data = new EvaluationData(
            settings.Data, _model, settings.Count, isHeldOut: settings.Kind is not EvaluationKind.OptimalVariance);
    }

    /// <summary>Computes everything; <paramref name="progress"/> hears the share that is done.</summary>
    public void Run(Action<double> progress, CancellationToken cancellation)
    {
        using UNet2DModel network = UNetWeights.Load(_model);
        network.Seamless = _settings.Seamless ?? (_data.Channels == 3);
        network.to(_settings.Device);
        TensorDenoiser denoiser = new NetworkDenoiser(network, _model.Description).Denoise;
        var start = Stopwatch.GetTimestamp();
        try
        {
            RunBatches(BatchWork(denoiser, cancellation), progress, cancellation);
        }
        catch (IntegrationException exception)
        {
            throw new UserErrorException(exception.Message, exception);
        }

        _elapsed = Stopwatch.GetElapsedTime(start);
        if (_curve is not null)
        {
            ModelFolder.SaveCleanVariance(_settings.Model, _curve);
        }
    }

    /// <summary>Prints what <see cref="Run"/> found.</summary>
    public void Report(IAnsiConsole console)
    {
        var report = new EvaluationReport(console, _data.Count, _elapsed);
        switch (_settings.Kind)
        {
            case EvaluationKind.Bound:
                report.Bound(_terms, _levels, _schedule, _variance);
                break;
            case EvaluationKind.Flow:
                int batches = (_data.Count + _settings.BatchSize - 1) / _settings.BatchSize;
                report.Flow(_bits, (double)_evaluations / batches);
                break;
            default:
                report.Curve(_curve!, _settings.Model);
                break;
        }
    }

    private void RunBatches(
        Action<Tensor, Tensor?, ulong, Action<double>> work, Action<double> progress, CancellationToken cancellation)
    {
        ulong seed = _settings.Seed;
        for (int first = 0; first < _data.Count; first += _settings.BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            int count = Math.Min(_settings.BatchSize, _data.Count - first);
            (float[] pixels, long[]? labels) = _data.Read(first, count);
            Tensor pictures = tensor(pixels, [count, _data.Channels, _data.Canvas, _data.Canvas]).to(_settings.Device);
            Tensor? label = labels is null ? null : tensor(labels).to(_settings.Device);
            work(pictures, label, seed, share => progress((first + (count * share)) / _data.Count));
            seed = unchecked(seed + SeedOfNextBatch);
        }
    }

    private Action<Tensor, Tensor?, ulong, Action<double>> BatchWork(
        TensorDenoiser denoiser, CancellationToken cancellation)
    {
        switch (_settings.Kind)
        {
            case EvaluationKind.Bound:
                var bound = new VariationalBound(_schedule, denoiser, _variance, _model.Description.CleanVariance)
                {
                    ClampLimit = _model.Description.ClampLimit,
                };
                _levels = bound.Levels;
                return (pictures, label, seed, progress) =>
                    _terms.Add(bound.Evaluate(pictures, label, seed, progress, cancellation));
            case EvaluationKind.Flow:
                var flow = new FlowLikelihood(_schedule, Clamped(denoiser, _model.Description.ClampLimit))
                {
                    Probe = _settings.Probe,
                    Dequantization = _settings.Dequantization,
                    Tolerance = _settings.Tolerance,
                };
                return (pictures, label, seed, progress) =>
                {
                    _bits.AddRange(flow.BitsPerDimension(pictures, label, seed, progress, cancellation));
                    _evaluations += flow.Evaluations;
                };
            default:
                var estimate = new OptimalVariance(
                    _schedule, CurveTimes(_schedule, _settings.Steps ?? DefaultCurveLevels), denoiser);
                return (pictures, label, seed, progress) =>
                {
                    estimate.Add(pictures, label, seed, progress, cancellation);
                    _curve = estimate.Estimate();
                };
        }
    }

    // As when sampling and in the bound; almost everywhere the clamp has a derivative, which is 0 where it holds.
    private static TensorDenoiser Clamped(TensorDenoiser denoiser, double limit)
    {
        return double.IsFinite(limit) ? Denoise : denoiser;

        (Tensor Clean, Tensor? Variance) Denoise(Tensor x, NoiseLevel level, Tensor? label)
        {
            (Tensor clean, Tensor? variance) = denoiser(x, level, label);
            return (clean.clamp(-limit, limit), variance);
        }
    }

    // Evenly spread and with the noisiest level, whose marginal is the prior. A curve keeps the whole table.
    private static BetaSchedule Respaced(BetaSchedule table, EvaluationSettings settings)
    {
        int steps = settings.Steps ?? table.Count;
        if (steps < 2 || steps > table.Count)
        {
            throw new UserErrorException($"--steps is {steps}; it must be 2 to {table.Count} for this model.");
        }

        return steps == table.Count || settings.Kind is not EvaluationKind.Bound
            ? table
            : table.Respace([.. Enumerable.Range(1, steps).Select(i => (int)((long)i * table.Count / steps) - 1)]);
    }

    // Evenly in λ from the cleanest to the noisiest level: v falls like e^(-2λ) at the clean end, where it matters most
    // for the last steps, and is interpolated in λ. Rounded to times that the network was trained at.
    private static IEnumerable<double> CurveTimes(BetaSchedule table, int count)
    {
        (double clean, double noisy) = (table.At(table.MinTime).Lambda, table.At(table.MaxTime).Lambda);
        return Enumerable.Range(0, count)
            .Select(i => Math.Round(table.TimeAtLambda(clean + (i * (noisy - clean) / (count - 1)))))
            .Distinct();
    }

    private static StepVariance VarianceOf(EvaluationSettings settings, ModelFolder model)
    {
        ModelDescription description = model.Description;
        StepVariance own = description.PredictsVariance ? StepVariance.Learned
            : description.CleanVariance is not null ? StepVariance.Optimal
            : model.Scheduler.Sampler.VarianceType.StartsWith("fixed_large", StringComparison.Ordinal)
                ? StepVariance.Large
            : StepVariance.Small;
        StepVariance variance = settings.Variance ?? own;
        if (variance is StepVariance.Learned && !description.PredictsVariance)
        {
            throw new UserErrorException($"--variance learned: the network of '{model.Path}' predicts no variance.");
        }

        if (variance is StepVariance.Optimal && description.CleanVariance is null)
        {
            throw new UserErrorException(
                $"--variance optimal: '{model.Path}' has no optimal_variance.json; "
                + "'evaluate --optimal-variance' makes it.");
        }

        return variance;
    }
}
