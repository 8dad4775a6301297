namespace Diffusion.Runtime.Models.Network;

/// <summary>A block between a network's first convolution and its last; see <see cref="UNetBlocks"/>.</summary>
/// <param name="Path">diffusers' module path, for example <c>down_blocks.0.resnets.1</c>.</param>
public abstract record UNetBlock(string Path)
{
    /// <summary>Whether the decoder reads this block's output again.</summary>
    public bool KeepsSkip { get; init; }
}
