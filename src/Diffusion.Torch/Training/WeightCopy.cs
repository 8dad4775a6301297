using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>Copies weights between networks that differ in their class tables only.</summary>
internal static class WeightCopy
{
    private const string ClassTable = "class_embedding.weight";

    /// <summary>Overwrites all weights of a network.</summary>
    /// <param name="network">On the CPU.</param>
    /// <param name="source">On the CPU, of the same architecture but for the number of classes.</param>
    /// <param name="classRows">The class table from the network's own and the source's.</param>
    public static void Into(UNet2DModel network, UNet2DModel source, Func<Tensor, Tensor, Tensor> classRows)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var weights = source.state_dict();
        foreach (var (name, target) in network.state_dict())
        {
            target.copy_(name == ClassTable ? classRows(target, weights[name]) : weights[name]);
        }
    }
}
