using System.Runtime.InteropServices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch;

/// <summary>
/// One chain on libtorch: the network slice by slice, the step itself by Runtime's kernel in host memory.
/// </summary>
/// <remarks>
/// The sample is copied from its ring slot into the network's input, scaled by cIn on the way (48 KiB at 64x64); the
/// output is read where libtorch left it. The batch is that of <see
/// cref="SessionOptions.Batch"/>.
/// </remarks>
internal sealed class TorchSession : IDenoiserSession
{
    private readonly TorchBackend _backend;
    private readonly UNet2DModel _network;
    private readonly HostSampleState _state;
    private readonly UNetState _flow = new();
    private readonly SessionOptions _options;
    private readonly int _batch;
    private readonly SlicePiece[] _pieces;
    private readonly Tensor _input;
    private readonly Tensor _timestep;
    private readonly Tensor? _label;
    private Evaluation _evaluation;
    private Tensor[] _uploads = [];
    private int _nextSlice = -1;
    private bool _disposed;

    public TorchSession(TorchBackend backend, SessionOptions options)
    {
        _backend = backend;
        _network = backend.Network;
        _options = options;
        _batch = options.Batch;
        _state = new HostSampleState(options);
        _pieces = _network.Pieces(_batch, options.Height, options.Width);
        Slices = [.. _pieces.Select(piece => piece.Info)];
        _input = zeros(_batch, SampleRing.Channels, options.Height, options.Width).DetachFromDisposeScope();
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
        int label = _label is null ? -1 : LabelFor(evaluation.ClassLabel);
        int second = _label is null || !_options.Mixed ? -1 : LabelFor(evaluation.SecondLabel);
        Abandon();
        if (_label is not null)
        {
            Span<long> labels = MemoryMarshal.Cast<byte, long>(_label.bytes);
            labels.Fill(_backend.NullLabel);
            labels[0] = label;
            if (_options.Mixed)
            {
                labels[1] = second;
            }
        }

        _evaluation = evaluation;
        FillInput((float)evaluation.Preconditioning.CIn);
        Values(_timestep).Fill((float)evaluation.Preconditioning.CNoise);
        if (_backend.OnCuda)
        {
            Upload();
        }
        else
        {
            _network.Begin(_flow, _input, _timestep, _label);
        }

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
                Download();
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

        // A network with learned variance has twice the channels; the mean comes first.
        Span<float> output = Values(_flow.Hidden);
        int length = Samples.PlaneLength;
        int each = output.Length / _batch;
        ReadOnlySpan<float> secondOutput = _options.Mixed ? output.Slice(each, length) : default;
        ReadOnlySpan<float> nullOutput = _options.Guided ? output.Slice((_batch - 1) * each, length) : default;
        ReadOnlySpan<float> variance = step.LearnedVariance ? output.Slice(length, length) : default;
        if (!_state.CompleteStep(
            _evaluation, output[..length], nullOutput, step, noise, stepNumber, variance, secondOutput))
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
        _input.Dispose();
        _state.Dispose();
    }

    private int LabelFor(int asked) => SessionRules.LabelFor(_backend.Config, asked, _backend.NullLabel);

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>[Karras22, Eq. 7] cIn·x, once per member of the batch.</summary>
    private void FillInput(float scale)
    {
        ReadOnlySpan<float> sample = _state.CurrentSample;
        Span<float> input = Values(_input);
        for (int i = 0; i < sample.Length; i++)
        {
            input[i] = scale * sample[i];
        }

        for (int i = 1; i < _batch; i++)
        {
            input[..sample.Length].CopyTo(input[(i * sample.Length)..]);
        }
    }

    private void Upload()
    {
        _uploads = _label is null ? [Up(_input), Up(_timestep)] : [Up(_input), Up(_timestep), Up(_label)];
        _network.Begin(_flow, _uploads[0], _uploads[1], _label is null ? null : _uploads[2]);

        static Tensor Up(Tensor tensor) => tensor.to(CUDA).DetachFromDisposeScope();
    }

    /// <summary>Leaves the output contiguous in host memory; on a GPU this waits for the evaluation.</summary>
    private void Download()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = _flow.Hidden;
        if (_backend.OnCuda || !output.is_contiguous())
        {
            _flow.Advance(output.cpu().contiguous());
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

        _uploads = [];
    }
}
