using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Onnx;

/// <summary>One chain on ONNX Runtime: the network piece by piece, the step by Runtime's kernel.</summary>
/// <remarks>
/// The samples of an evaluation pass through the network one after the other: two at once would be 3 to 5 % faster, but
/// a step without guidance would then pay for it, and every size would have its weights packed twice.
/// </remarks>
internal sealed class OnnxSession : IDenoiserSession
{
    private readonly OnnxBackend _backend;
    private readonly OnnxNetwork _network;
    private readonly OnnxRun _run;
    private readonly HostSampleState _state;
    private readonly SessionOptions _options;

    // What each sample is asked, and what came of it, [Batch, C', H, W].
    private readonly long[] _labels;
    private readonly float[] _outputs;
    private Evaluation _evaluation;
    private SliceRange _slices;
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
        Slices = [.. Passes().SelectMany(pass => network.Slices.Select(
            slice => slice with { Name = NameOf(slice.Name, pass) }))];
        Spans = [.. Passes().SelectMany(pass => network.Spans.Select(
            span => new SliceSpan(NameOf(span.Name, pass), (pass * SlicesOfPass) + span.First, span.Count)))];
        _labels = new long[options.Batch];
        _outputs = new float[options.Batch * network.Output.ElementCount];
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

    public IReadOnlyList<SliceInfo> Slices { get; }

    public IReadOnlyList<SliceSpan> Spans { get; }

    public SampleRing Samples => _state.Samples;

    private int SlicesOfPass => _network.Slices.Count;

    public SliceRange SlicesOf(bool isGuided) => new(0, _options.BatchOf(isGuided) * SlicesOfPass);

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
        if (!_run.Label.IsEmpty)
        {
            SessionRules.WriteLabels(_backend.Config, _options, evaluation, _backend.NullLabel, _labels);
        }

        _evaluation = evaluation;
        _slices = SlicesOf(evaluation.IsGuided);
        _nextSlice = 0;
    }

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, _slices);
        BeginPass(index);
        _run.Run(index % SlicesOfPass);
        EndPass(index + 1);
    }

    public bool IsSpanReady(int index) => _run.HasSpans;

    public void RunSpan(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SliceSpan span = Spans[index];
        SessionRules.RequireTurn(span.First, _nextSlice, _slices);
        if (!_run.HasSpans)
        {
            throw new InvalidOperationException($"Span {index} is not ready; IsSpanReady says when it is.");
        }

        BeginPass(span.First);
        _run.RunSpan(index % _network.Spans.Count);
        EndPass(span.First + span.Count);
    }

    public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireAllRun(_nextSlice, _slices);
        ReadOnlySpan<float> outputs = _outputs.AsSpan(0, _slices.Count / SlicesOfPass * _run.Output.Length);
        if (!_state.CompleteBatch(_evaluation, outputs, step, noise, stepNumber))
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

    private static string NameOf(string name, int pass) => pass == 0 ? name : $"{name}, sample {pass + 1}";

    private IEnumerable<int> Passes() => Enumerable.Range(0, _options.Batch);

    // What the pass before left is no input any more.
    private void BeginPass(int slice)
    {
        if (slice % SlicesOfPass != 0)
        {
            return;
        }

        Preconditioning preconditioning = _evaluation.Preconditioning;
        _state.WriteInput((float)preconditioning.CIn, _run.Sample);
        _run.Timestep.Fill((float)preconditioning.CNoise);
        _run.Label.Fill(_labels[slice / SlicesOfPass]);
    }

    private void EndPass(int nextSlice)
    {
        _nextSlice = nextSlice;
        if (nextSlice % SlicesOfPass == 0)
        {
            ReadOnlySpan<float> output = _run.Output;
            output.CopyTo(_outputs.AsSpan(((nextSlice / SlicesOfPass) - 1) * output.Length));
        }
    }
}
