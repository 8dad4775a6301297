using Diffusion.Render.Compute.Planning;

namespace Diffusion.Render.Compute.Network;

/// <summary>One slice of the network, by the name and cut that the Torch backend has: a residual block, an attention, a
/// resample.</summary>
internal abstract class Block(string name)
{
    /// <summary>The diffusers module path.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the decoder reads this block's output again.</summary>
    public bool KeepsSkip { get; init; }

    /// <summary>Writes the block's dispatches and ends its slice.</summary>
    public void Plan(PlanWriter plan)
    {
        plan.Hidden = Compute(plan);
        if (KeepsSkip)
        {
            plan.PushSkip();
        }

        plan.EndSlice(Name);
    }

    /// <summary>Writes the dispatches; returns the new activations.</summary>
    protected abstract Activations Compute(PlanWriter plan);
}
