using Diffusion.Runtime.Backends;
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

    /// <summary>This slice as one piece, or as several where it holds more work than a piece may.</summary>
    /// <param name="cost">The shape before the slice; moved on behind it.</param>
    /// <param name="workPerPiece">See <see cref="SlicePlan.WorkPerPiece"/>.</param>
    public IEnumerable<SlicePiece> Pieces(SliceCost cost, double workPerPiece)
    {
        SliceCost whole = new(cost);
        Measure(whole);
        SlicePlan plan = new(Name, new SliceCost(cost), workPerPiece);
        Cut(plan);
        SlicePiece[] pieces = [.. plan.Pieces(KeepsSkip)];
        cost.Become(whole);
        return pieces.Length > 1 ? pieces : [new SlicePiece(new SliceInfo(Name, whole.Flops, whole.Bytes), Run)];
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

    /// <summary>The new activations, a tensor of <paramref name="scope"/>.</summary>
    protected abstract Tensor Compute(UNetState state, DisposeScope scope);

    protected abstract void Count(SliceCost cost);

    /// <summary>Adds the stages that the slice can be cut into; by default it stays in one.</summary>
    protected virtual void Cut(SlicePlan plan)
    {
    }
}
