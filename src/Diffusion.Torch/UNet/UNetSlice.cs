using Diffusion.Torch.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>One slice of the network: the smallest piece of work that a frame budget schedules.</summary>
/// <remarks>Borrows its layers from the network's module tree, which owns them.</remarks>
internal abstract class UNetSlice(string name)
{
    /// <summary>The diffusers module path, for example <c>down_blocks.0.resnets.1</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the decoder reads this slice's output again.</summary>
    public bool KeepsSkip { get; init; }

    /// <summary>Advances the state by this slice; every temporary is freed on return.</summary>
    public void Run(UNetState state)
    {
        using DisposeScope scope = NewDisposeScope();
        state.Advance(Compute(state, scope));
        if (KeepsSkip)
        {
            state.PushSkip();
        }
    }

    /// <summary>Adds this slice's work to <paramref name="cost"/> and moves its shape on.</summary>
    public void Measure(SliceCost cost)
    {
        Count(cost);
        if (KeepsSkip)
        {
            cost.PushSkip();
        }
    }

    /// <summary>Appends this slice's nodes to a graph and moves its values on.</summary>
    public void Export(OnnxFlow flow)
    {
        flow.Graph.Enter(Name);
        flow.Hidden = Emit(flow);
        if (KeepsSkip)
        {
            flow.PushSkip();
        }
    }

    /// <summary>The new activations, a tensor of <paramref name="scope"/>.</summary>
    protected abstract Tensor Compute(UNetState state, DisposeScope scope);

    /// <summary>What <see cref="Compute"/> computes, as nodes; returns the new activations.</summary>
    protected abstract string Emit(OnnxFlow flow);

    protected abstract void Count(SliceCost cost);
}
