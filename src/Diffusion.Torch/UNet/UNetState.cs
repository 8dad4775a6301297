using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>
/// What flows from slice to slice: the hidden activations, the stack of skips, and the embedding of time and class.
/// </summary>
/// <remarks>
/// Its tensors belong to no dispose scope, since any amount of time may pass between two slices: the state owns them
/// and frees each as soon as no later slice reads it. Inputs are borrowed. The lists keep their capacity, so a reused
/// state allocates only the tensors' handles.
/// </remarks>
internal sealed class UNetState : IDisposable
{
    private readonly List<Tensor> _skips = [];
    private readonly List<Tensor> _held = [];
    private Tensor? _hidden;
    private Tensor? _embedding;
    private bool _ownsHidden;
    private Tensor? _operand;
    private Tensor? _convolved;

    /// <summary>Network time [N] float32, borrowed.</summary>
    public Tensor Timestep { get; private set; } = null!;

    /// <summary>Class labels [N], borrowed, or null.</summary>
    public Tensor? Label { get; private set; }

    /// <summary>The current activations [N, C, H, W].</summary>
    public Tensor Hidden => _hidden ?? throw new InvalidOperationException("The state was not started.");

    /// <summary>The embedding of time and class [N, E].</summary>
    public Tensor Embedding
    {
        get => _embedding ?? throw new InvalidOperationException("The first slice has not run.");
        set => _embedding = value.DetachFromDisposeScope();
    }

    /// <summary>Begins an evaluation with borrowed inputs.</summary>
    public void Start(Tensor x, Tensor timestep, Tensor? label)
    {
        Clear();
        _hidden = x;
        _ownsHidden = false;
        Timestep = timestep;
        Label = label;
    }

    /// <summary>
    /// Takes <paramref name="next"/> as the activations; the former ones are freed unless they are a skip.
    /// </summary>
    public void Advance(Tensor next)
    {
        FreeHidden();
        _hidden = next.DetachFromDisposeScope();
        _ownsHidden = true;
    }

    /// <summary>Keeps a tensor beyond its dispose scope until <see cref="TakeHeld"/>.</summary>
    public void Hold(Tensor tensor) => _held.Add(tensor.alias().DetachFromDisposeScope());

    /// <summary>The tensor that was held last, owned by the caller's dispose scope.</summary>
    public Tensor TakeHeld(DisposeScope scope)
    {
        Tensor held = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        scope.Attach(held);
        return held;
    }

    /// <summary>Begins a convolution of the held tensor by rows: pads it and makes room for the output.</summary>
    public void BeginConvolution(PaddedConv conv, DisposeScope scope)
    {
        _operand = conv.Pad(TakeHeld(scope)).DetachFromDisposeScope();
        _convolved = conv.Room(_operand).DetachFromDisposeScope();
    }

    /// <summary>Computes some rows of the convolution that was begun.</summary>
    public void ConvolveRows(PaddedConv conv, int first, int count) =>
        conv.ApplyRows(_operand!, _convolved!, first, count);

    /// <summary>The convolution's output, owned by the caller's dispose scope.</summary>
    public Tensor EndConvolution(DisposeScope scope)
    {
        Tensor convolved = _convolved!;
        _convolved = null;
        DropOperand();
        scope.Attach(convolved);
        return convolved;
    }

    /// <summary>Remembers the current activations for the decoder.</summary>
    public void PushSkip() => _skips.Add(Hidden);

    /// <summary>The newest skip, owned by the caller's dispose scope.</summary>
    public Tensor PopSkip(DisposeScope scope)
    {
        Tensor skip = _skips[^1];
        _skips.RemoveAt(_skips.Count - 1);
        scope.Attach(skip);
        return skip;
    }

    /// <summary>Hands the activations to the caller, who owns them from now on.</summary>
    public Tensor TakeHidden()
    {
        Tensor output = Hidden;
        _hidden = null;
        return output;
    }

    /// <summary>Frees every tensor it owns; it may be started again.</summary>
    public void Clear()
    {
        FreeHidden();
        foreach (Tensor skip in _skips)
        {
            skip.Dispose();
        }

        _skips.Clear();
        foreach (Tensor held in _held)
        {
            held.Dispose();
        }

        _held.Clear();
        DropOperand();
        _convolved?.Dispose();
        _convolved = null;
        _embedding?.Dispose();
        _embedding = null;
    }

    public void Dispose() => Clear();

    private void DropOperand()
    {
        _operand?.Dispose();
        _operand = null;
    }

    private void FreeHidden()
    {
        // By reference: Tensor's Equals compares values.
        if (_ownsHidden && _hidden is not null && !_skips.Exists(skip => ReferenceEquals(skip, _hidden)))
        {
            _hidden.Dispose();
        }

        _hidden = null;
    }
}
