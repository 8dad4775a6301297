using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Render.Compute;

/// <summary>
/// One chain on the device: the network slice by slice, the step itself by Runtime's kernel in host memory.
/// </summary>
/// <remarks>Guidance evaluates a batch of two: the class first, the null class second. Allocates nothing between
/// construction and disposal.</remarks>
internal sealed class ComputeSession : IDenoiserSession
{
    private readonly ComputeBackend _backend;
    private readonly NetworkRun _run;
    private readonly HostSampleState _state;
    private Evaluation _evaluation;
    private int _nextSlice = -1;
    private bool _disposed;

    /// <param name="backend">Borrowed.</param>
    /// <param name="run">The network at the session's shape; owned from here on.</param>
    /// <param name="options">The shape.</param>
    public ComputeSession(ComputeBackend backend, NetworkRun run, SessionOptions options)
    {
        _backend = backend;
        _run = run;
        Slices = run.Plan.Describe();
        _state = new HostSampleState(options);
    }

    public IReadOnlyList<SliceInfo> Slices { get; }

    public SampleRing Samples => _state.Samples;

    public bool RunsBesideTheHost => !_backend.Waits;

    public void Start(
        NoiseLevel level, NoiseSource noise, ReadOnlySpan<float> image = default, bool isNoised = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Start(level, noise, image, isNoised);
        _nextSlice = -1;
    }

    public void BeginEvaluation(in Evaluation evaluation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int batch = _run.Plan.Batch;
        SessionRules.RequireGuidance(evaluation, isGuided: batch == 2);
        int label = _run.Plan.Input.Class is null ? -1 : SessionRules.LabelFor(_backend.Config, evaluation.ClassLabel, _backend.NullLabel);
        _nextSlice = -1;

        // Only an abandoned evaluation can still be in flight; its inputs must stay until the device has read them.
        _run.Wait();
        _run.Timer.Restart();
        _evaluation = evaluation;
        float time = (float)evaluation.Preconditioning.CNoise;
        for (int i = 0; i < batch; i++)
        {
            WriteInput(i, (float)evaluation.Preconditioning.CIn, time, i == 0 ? label : _backend.NullLabel);
        }

        _nextSlice = 0;
    }

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, Slices.Count);

        try
        {
            _run.Submit(index);
            if (_backend.Waits)
            {
                _run.Wait();
            }

            _nextSlice++;
        }
        catch
        {
            _nextSlice = -1;
            throw;
        }
    }

    public bool TryReadCost(out int slice, out TimeSpan cost) => _run.Timer.TryRead(out slice, out cost);

    public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireAllRun(_nextSlice, Slices.Count);

        if (!_run.IsIdle)
        {
            return false;
        }

        // A network with learned variance has twice the channels; the mean comes first.
        ReadOnlySpan<float> output = _run.Output;
        int length = Samples.PlaneLength;
        ReadOnlySpan<float> nullOutput = _run.Plan.Batch == 2 ? output.Slice(output.Length / 2, length) : default;
        ReadOnlySpan<float> variance = step.LearnedVariance ? output.Slice(length, length) : default;
        if (!_state.CompleteStep(_evaluation, output[..length], nullOutput, step, noise, stepNumber, variance))
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
        _state.Dispose();
    }

    /// <summary>[Karras22, Eq. 7] cIn·x, and what the network is told beside it.</summary>
    private void WriteInput(int sample, float scale, float time, int label)
    {
        Span<float> picture = _run.Input(sample, _run.Plan.Input.Picture.Range);
        ReadOnlySpan<float> x = _state.CurrentSample;
        for (int i = 0; i < x.Length; i++)
        {
            picture[i] = scale * x[i];
        }

        _run.WriteConditioning(_backend.Structure, sample, time, label);
    }
}
