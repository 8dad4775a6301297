using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>A slice with one convolution, and little before and after it.</summary>
internal abstract class ConvSlice(string name) : UNetSlice(name)
{
    protected abstract PaddedConv Conv { get; }

    /// <summary>What the convolution reads, a tensor of <paramref name="scope"/> or the state's own.</summary>
    protected abstract Tensor Before(UNetState state, DisposeScope scope);

    /// <summary>The new activations, from what the convolution gave.</summary>
    protected virtual Tensor After(UNetState state, Tensor convolved) => convolved;

    protected abstract void CountBefore(SliceCost cost);

    protected sealed override Tensor Compute(UNetState state, DisposeScope scope) =>
        After(state, Conv.Apply(Before(state, scope)));

    protected sealed override void Count(SliceCost cost)
    {
        CountBefore(cost);
        Conv.Count(cost);
    }

    protected sealed override void Cut(SlicePlan plan)
    {
        plan.Add(CountBefore, (state, scope) => state.Hold(Before(state, scope)));
        plan.AddConvolution(Conv);
        plan.Add(_ => { }, (state, scope) => state.Advance(After(state, state.EndConvolution(scope))));
    }
}
