using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Render.Compute;

/// <summary>One chain on the device: the network slice by slice and the step, x_t included.</summary>
/// <remarks>The samples of an evaluation are a batch: <see cref="SessionOptions.BatchOf"/>. Allocates nothing between
/// construction and disposal, but for the first evaluation and the first step of a kind.</remarks>
internal sealed class ComputeSession : IDenoiserSession
{
    private readonly ComputeBackend _backend;
    private readonly NetworkRun _run;
    private readonly SessionOptions _options;
    private readonly DeviceSampleState _state;
    private Evaluation _evaluation;
    private SliceRange _slices;
    private int _nextSlice = -1;
    private bool _disposed;

    /// <param name="backend">Borrowed.</param>
    /// <param name="run">The network at the session's shape, fed by the device; owned from here on.</param>
    /// <param name="kernels">Borrowed.</param>
    /// <param name="options">The shape.</param>
    public ComputeSession(ComputeBackend backend, NetworkRun run, KernelLibrary kernels, SessionOptions options)
    {
        _backend = backend;
        _run = run;
        _options = options;
        Slices = run.Plan.Describe();
        _state = new DeviceSampleState(backend.Vulkan, kernels, options, run.Ends, backend.Waits, run.Timer);
    }

    public IReadOnlyList<SliceInfo> Slices { get; }

    public SampleRing Samples => _state.Samples;

    public SliceRange SlicesOf(bool isGuided) => _run.Plan.PartsOf(isGuided);

    public bool RunsBesideTheHost => !_backend.Waits;

    public bool StepsBesideTheHost => !_backend.Waits;

    public void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlyMemory<float> image = default,
        ReadOnlyMemory<float> mask = default,
        bool isNoised = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Start(level, noise, image.Span, mask.Span, isNoised);
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
        int label = LabelFor(evaluation.ClassLabel);
        int second = _options.Mixed ? LabelFor(evaluation.SecondLabel) : -1;
        _nextSlice = -1;
        _evaluation = evaluation;
        int entry = _state.BeginEvaluation();
        float time = (float)evaluation.Preconditioning.CNoise;
        for (int i = 0; i < _options.BatchOf(evaluation.IsGuided); i++)
        {
            int asked = i == 0 ? label : i == 1 && _options.Mixed ? second : _backend.NullLabel;
            _run.WriteConditioning(_backend.Structure, i, time, asked, entry);
        }

        _slices = SlicesOf(evaluation.IsGuided);
        _nextSlice = _slices.First;
    }

    // Where slices are waited for, so are their kernels.
    public bool IsReady(int index) => _backend.Waits || _run.IsReady(index);

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, _slices);

        try
        {
            if (index == _slices.First)
            {
                // [Karras22, Eq. 7] cIn·x
                _state.SubmitInput((float)_evaluation.Preconditioning.CIn);
            }

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
        SessionRules.RequireAllRun(_nextSlice, _slices);
        if ((!_state.IsMeasured && !_run.IsIdle)
            || !_state.CompleteStep(_evaluation, step, noise, stepNumber))
        {
            return false;
        }

        _nextSlice = -1;
        return true;
    }

    public bool TryFinish()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _state.TryFinish();
    }

    private int LabelFor(int asked) => _run.Plan.Input.Class is null
        ? -1
        : SessionRules.LabelFor(_backend.Config, asked, _backend.NullLabel);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _state.Dispose();
        _run.Dispose();
    }
}
