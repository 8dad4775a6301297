using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Numerics;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Chains;

/// <summary>
/// Samples by the probability-flow ODE with an adaptive Runge–Kutta pair: to a tolerance, in as many evaluations as
/// that takes. [Song21SDE, Sec. 4.3] [Dormand80, Table 2]
/// </summary>
/// <remarks>
/// For offline work: how many evaluations there will be is not known beforehand, so it has no place in a frame budget.
/// It starts from the same noise as a chain of that seed, and ends where the deterministic solvers end with very many
/// steps. Borrows the backend. One thread.
/// </remarks>
/// <example><code>
/// float[] image = new AdaptiveFlowSampler(backend, model).Sample(request);
/// </code></example>
public sealed class AdaptiveFlowSampler
{
    private readonly IDenoiserBackend _backend;
    private readonly ModelDescription _model;
    private readonly double _tolerance;

    /// <summary>Makes a sampler.</summary>
    /// <param name="backend">The network on its device; borrowed.</param>
    /// <param name="model">Classes, prediction type and schedule of the network.</param>
    /// <param name="tolerance">
    /// Absolute and relative tolerance of a step's root mean square error, in (0, 1). Above 1e-4 or so the first steps
    /// may leap over everything there is, where no estimate of an error sees it.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is outside its range.</exception>
    /// <exception cref="ArgumentException">The network is distilled: it knows no flow, only steps.</exception>
    public AdaptiveFlowSampler(IDenoiserBackend backend, ModelDescription model, double tolerance = 1e-5)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(model);
        if (!(tolerance is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(tolerance), tolerance, "The tolerance must be above 0 and below 1.");
        }

        if (model.DistilledSteps.Count > 0)
        {
            throw new ArgumentException(
                "This network is distilled to steps of DDIM; the adaptive solver needs one that was not.",
                nameof(model));
        }

        (_backend, _model, _tolerance) = (backend, model, tolerance);
    }

    /// <summary>Network evaluations of the latest sample.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Draws one image.</summary>
    /// <param name="request">
    /// Size, classes, seeds, schedule, guidance, colours and clamp; its solver, steps, their times, image and mask are
    /// not read.
    /// </param>
    /// <param name="progress">Receives the share of the way in λ = ln(α/σ), in [0, 1], after each evaluation.</param>
    /// <param name="cancel">Asked at each evaluation.</param>
    /// <returns>The clean image, planar [3, H, W] float32.</returns>
    /// <exception cref="ArgumentException">The request breaks a rule.</exception>
    /// <exception cref="IntegrationException">The tolerance cannot be met.</exception>
    public float[] Sample(TextureRequest request, Action<double>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        TextureRequestResolver resolver = new(_backend.Config, _model, noiseThreads: 1);
        (SessionOptions shape, ChainSettings settings) = resolver.ResolveShape(request);
        NoiseSchedule schedule = request.Schedule ?? _model.Schedule;
        using IDenoiserSession session = _backend.CreateSession(shape);
        session.SetClassMask(settings.SecondMask.Span);
        Flow flow = new(session, settings, schedule);
        double noisiest = schedule.At(schedule.MaxTime).Lambda;
        double cleanest = schedule.At(schedule.MinTime).Lambda;

        double[] x = flow.Start(schedule.At(schedule.MaxTime));
        RungeKutta45 integrator = new(x.Length, _tolerance, _tolerance);
        Evaluations = 0;
        integrator.Integrate(Derivative, noisiest, cleanest, x);
        return flow.Denoise(schedule.AtLambda(cleanest), x).ToArray();

        void Derivative(double lambda, ReadOnlySpan<double> y, Span<double> slope)
        {
            cancel.ThrowIfCancellationRequested();
            flow.Slope(lambda, y, slope);
            Evaluations++;
            progress?.Invoke((lambda - noisiest) / (cleanest - noisiest));
        }
    }

    /// <summary>The flow's right-hand side, through a session.</summary>
    private sealed class Flow(IDenoiserSession session, ChainSettings settings, NoiseSchedule schedule)
    {
        private readonly float[] _image = new float[session.Samples.PlaneLength];

        public double[] Start(NoiseLevel level)
        {
            session.Start(level, settings.Noise);
            SampleRing ring = session.Samples;
            return Array.ConvertAll(ring.Sample(ring.CurrentSlot).ToArray(), value => (double)value);
        }

        // dx/dλ = (d ln σ/dλ)·x + α·D and d ln σ/dλ = d ln α/dλ - 1: [Song21SDE, Sec. 4.3] with the score (α·D - x)/σ²
        public void Slope(double lambda, ReadOnlySpan<double> x, Span<double> slope)
        {
            NoiseLevel level = schedule.AtLambda(lambda);
            ReadOnlySpan<float> denoised = Denoise(level, x);
            double own = (schedule.LogAlphaDerivative(level.Time) / schedule.LambdaDerivative(level.Time)) - 1;
            for (int i = 0; i < slope.Length; i++)
            {
                slope[i] = (own * x[i]) + (level.Alpha * denoised[i]);
            }
        }

        public ReadOnlySpan<float> Denoise(NoiseLevel level, ReadOnlySpan<double> x)
        {
            // A session is given x_t as α·image without noise.
            for (int i = 0; i < _image.Length; i++)
            {
                _image[i] = (float)(x[i] / level.Alpha);
            }

            session.Start(level, settings.Noise, _image, isNoised: false);
            session.BeginEvaluation(settings.EvaluationAt(level, NoiseLevel.Clean));
            SliceRange slices = session.SlicesOf(settings.IsGuidedAt(level));
            for (int i = slices.First; i < slices.End; i++)
            {
                session.RunSlice(i);
            }

            LinearStep toClean = default;
            toClean.Denoised[0] = 1;
            toClean.Target = NoiseLevel.Clean;
            SpinWait wait = default;
            while (!session.CompleteStep(toClean, settings.Noise, stepNumber: 1))
            {
                // No reader holds this ring: a device is still at work.
                wait.SpinOnce();
            }

            return session.Samples.Denoised(session.Samples.CurrentSlot);
        }
    }
}
