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
/// <remarks>The batch is that of <see cref="SessionOptions.Batch"/>.</remarks>
internal sealed class TorchSession : IDenoiserSession
{
    private readonly TorchBackend _backend;
    private readonly UNet2DModel _network;
    private readonly ISampleState _state;
    private readonly UNetState _flow = new();
    private readonly SessionOptions _options;
    private readonly int _batch;
    private readonly SlicePiece[] _pieces;
    private readonly Tensor _timestep;
    private readonly Tensor? _label;
    private readonly List<Tensor> _uploads = [];
    private Evaluation _evaluation;
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
        _batch = options.Batch;
        _state = state;
        _pieces = _network.Pieces(_batch, options.Height, options.Width);
        Slices = [.. _pieces.Select(piece => piece.Info)];
        _timestep = zeros(_batch).DetachFromDisposeScope();
        bool conditional = backend.Config.NumClassEmbeds > 0 || backend.Config.ClassEmbedType is not null;
        _label = conditional ? zeros(_batch, ScalarType.Int64).DetachFromDisposeScope() : null;
    }

    public IReadOnlyList<SliceInfo> Slices { get; }

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
        Tensor input = _state.Input((float)evaluation.Preconditioning.CIn);
        MemoryMarshal.Cast<byte, float>(_timestep.bytes).Fill((float)evaluation.Preconditioning.CNoise);
        _network.Begin(_flow, input, OnDevice(_timestep), _label is null ? null : OnDevice(_label));
        _nextSlice = 0;
    }

    public void RunSlice(int index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireTurn(index, _nextSlice, Slices.Count);

        // The network's sessions may differ in padding.
        _network.Seamless = _options.Seamless;
        try
        {
            using (inference_mode())
            {
                _pieces[index].Run(_flow);
            }

            _nextSlice++;
            if (_nextSlice == Slices.Count)
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
        SessionRules.RequireAllRun(_nextSlice, Slices.Count);

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

    // The copy is the session's until the evaluation is over.
    private Tensor OnDevice(Tensor tensor)
    {
        if (!_backend.OnCuda)
        {
            return tensor;
        }

        Tensor copy = tensor.to(CUDA).DetachFromDisposeScope();
        _uploads.Add(copy);
        return copy;
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
        foreach (Tensor upload in _uploads)
        {
            upload.Dispose();
        }

        _uploads.Clear();
    }
}
