using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Onnx;

/// <summary>One chain on ONNX Runtime: the network piece by piece, the step by Runtime's kernel.</summary>
internal sealed class OnnxSession : IDenoiserSession
{
    private readonly OnnxBackend _backend;
    private readonly OnnxNetwork _network;
    private readonly OnnxRun _run;
    private readonly HostSampleState _state;
    private readonly SessionOptions _options;
    private Evaluation _evaluation;
    private int _nextSlice = -1;
    private bool _disposed;

    /// <param name="backend">Gets the network back.</param>
    /// <param name="network">Of the options' shape, rented from the backend.</param>
    /// <param name="options">The chain's shape.</param>
    public OnnxSession(OnnxBackend backend, OnnxNetwork network, SessionOptions options)
    {
        _backend = backend;
        _network = network;
        _options = options;
        _state = new HostSampleState(options);
        try
        {
            _run = new OnnxRun(network);
        }
        catch
        {
            _state.Dispose();
            throw;
        }
    }

    public IReadOnlyList<SliceInfo> Slices => _network.Slices;

    public IReadOnlyList<SliceSpan> Spans => _network.Spans;

    public SampleRing Samples => _state.Samples;

    public void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlyMemory<float> image = default,
        ReadOnlyMemory<float> mask = default,
        bool isNoised = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Start(level, noise, image, mask, isNoised);
        _nextSlice = -1;
    }

    public void SetClassMask(ReadOnlySpan<float> mask)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.SetClassMask(mask);
    }

    public void BeginEvaluation(in Evaluation evaluation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireGuidance(evaluation, _options.Guided);
        if (!_run.Labels.IsEmpty)
        {
            SessionRules.WriteLabels(_backend.Config, _options, evaluation, _backend.NullLabel, _run.Labels);
        }

        _evaluation = evaluation;
        _state.WriteInput((float)evaluation.Preconditioning.CIn, _run.Sample);
        _run.Timestep.Fill((float)evaluation.Preconditioning.CNoise);
        _nextSlice = 0;
    }

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, Slices.Count);
        _run.Run(index);
        _nextSlice++;
    }

    public bool IsSpanReady(int index) => _run.HasSpans;

    public void RunSpan(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SliceSpan span = Spans[index];
        SessionRules.RequireTurn(span.First, _nextSlice, Slices.Count);
        if (!_run.HasSpans)
        {
            throw new InvalidOperationException($"Span {index} is not ready; IsSpanReady says when it is.");
        }

        _run.RunSpan(index);
        _nextSlice += span.Count;
    }

    public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireAllRun(_nextSlice, Slices.Count);
        if (!_state.CompleteBatch(_evaluation, _run.Output, step, noise, stepNumber))
        {
            return false;
        }

        _nextSlice = -1;
        return true;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _run.Dispose();
        _backend.Networks.Return(_network);
        _state.Dispose();
    }
}
