using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Diffusion.Torch.UNet;

/// <summary>The activation functions that <c>act_fn</c> names.</summary>
internal static class Activation
{
    /// <exception cref="ArgumentException">The name is unknown.</exception>
    public static Func<Tensor, Tensor> Named(string name) => name switch
    {
        "silu" or "swish" => static x => functional.silu(x),
        "mish" => static x => functional.mish(x),
        "gelu" => static x => functional.gelu(x),
        "relu" => static x => functional.relu(x),
        _ => throw new ArgumentException($"act_fn '{name}' is unknown: it is silu, swish, mish, gelu or relu."),
    };
}
