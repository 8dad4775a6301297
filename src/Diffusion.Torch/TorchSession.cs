using System.Runtime.InteropServices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.Sampling;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch;

/// <summary>
/// One chain on libtorch: the network slice by slice, and the step where its tensors are.
/// </summary>
/// <remarks>The samples of an evaluation are a batch: <see cref="SessionOptions.BatchOf"/>. Pieces depend on it, so
/// that a session for guidance has those without it besides.</remarks>
internal sealed class TorchSession : IDenoiserSession
{
    private readonly TorchBackend _backend;
    private readonly UNet2DModel _network;
    private readonly ISampleState _state;
    private readonly UNetState _flow = new();
    private readonly SessionOptions _options;
    private readonly SlicePiece[] _pieces;
    private readonly SliceRange _guided;
    private readonly SliceRange _plain;
    private readonly Tensor _timestep;
    private readonly Tensor? _label;
    private readonly List<Tensor> _inputs = [];
    private Evaluation _evaluation;
    private SliceRange _slices;
    private int _nextSlice = -1;
    private bool _disposed;

    /// <param name="backend">Borrowed.</param>
    /// <param name="options">The shape.</param>
    /// <param name="state">x_t, on the network's device; owned from here on.</param>
    public TorchSession(TorchBackend backend, SessionOptions options, ISampleState state)
    {
        _backend = backend;
        _network = backend.Network;
        _options = options;
        _state = state;
        SlicePiece[] pieces = _network.Pieces(options.Batch, options.Height, options.Width);
        SlicePiece[] plain =
            options.Guided ? _network.Pieces(options.BatchOf(isGuided: false), options.Height, options.Width) : [];
        _pieces = [.. pieces, .. plain];
        _guided = new SliceRange(0, pieces.Length);
        _plain = options.Guided ? new SliceRange(pieces.Length, _pieces.Length) : _guided;
        Slices =
        [
            .. pieces.Select(piece => piece.Info),
            .. plain.Select(piece => piece.Info with { Name = $"{piece.Info.Name}, unguided" }),
        ];
        _timestep = zeros(options.Batch).DetachFromDisposeScope();
        bool conditional = backend.Config.NumClassEmbeds > 0 || backend.Config.ClassEmbedType is not null;
        _label = conditional ? zeros(options.Batch, ScalarType.Int64).DetachFromDisposeScope() : null;
    }

    public IReadOnlyList<SliceInfo> Slices { get; }

    public SampleRing Samples => _state.Samples;

    public SliceRange SlicesOf(bool isGuided) => isGuided ? _guided : _plain;

    public void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlyMemory<float> image = default,
        ReadOnlyMemory<float> mask = default,
        bool isNoised = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _state.Start(level, noise, image, mask, isNoised);
        Abandon();
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
        if (_label is not null)
        {
            SessionRules.WriteLabels(
                _backend.Config, _options, evaluation, _backend.NullLabel,
                MemoryMarshal.Cast<byte, long>(_label.bytes));
        }

        Abandon();
        _evaluation = evaluation;
        _slices = SlicesOf(evaluation.IsGuided);
        int batch = _options.BatchOf(evaluation.IsGuided);
        MemoryMarshal.Cast<byte, float>(_timestep.bytes).Fill((float)evaluation.Preconditioning.CNoise);
        _network.Begin(
            _flow,
            First(batch, _state.Input((float)evaluation.Preconditioning.CIn)),
            OnDevice(First(batch, _timestep)),
            _label is null ? null : OnDevice(First(batch, _label)));
        _nextSlice = _slices.First;
    }

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, _slices);

        // The network's sessions may differ in padding.
        _network.Seamless = _options.Seamless;
        try
        {
            using (inference_mode())
            {
                _pieces[index].Run(_flow);
            }

            _nextSlice++;
            if (_nextSlice == _slices.End)
            {
                EndEvaluation();
            }
        }
        catch
        {
            // A slice that failed (out of memory) may have consumed its skip: the session goes on, the evaluation not.
            Abandon();
            throw;
        }
    }

    public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireAllRun(_nextSlice, _slices);

        if (!_state.CompleteStep(_evaluation, _flow.Hidden, step, noise, stepNumber))
        {
            return false;
        }

        Abandon();
        return true;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Abandon();
        _flow.Dispose();
        _label?.Dispose();
        _timestep.Dispose();
        _state.Dispose();
    }

    private Tensor First(int batch, Tensor tensor) => Kept(tensor.narrow(0, 0, batch));

    private Tensor OnDevice(Tensor tensor) => _backend.OnCuda ? Kept(tensor.to(CUDA)) : tensor;

    // The session's until the evaluation is over.
    private Tensor Kept(Tensor input)
    {
        _inputs.Add(input.DetachFromDisposeScope());
        return input;
    }

    /// <summary>Leaves the output contiguous; on a GPU this waits for the evaluation, whose cost it is.</summary>
    private void EndEvaluation()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = _flow.Hidden;
        if (!output.is_contiguous())
        {
            _flow.Advance(output.contiguous());
        }

        if (_backend.OnCuda)
        {
            cuda.synchronize();
        }
    }

    /// <summary>Drops a pending evaluation.</summary>
    private void Abandon()
    {
        _nextSlice = -1;
        _flow.Clear();
        foreach (Tensor input in _inputs)
        {
            input.Dispose();
        }

        _inputs.Clear();
    }
}
