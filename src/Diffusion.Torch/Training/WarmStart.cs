using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>Begins a training with the weights of a network that is trained already.</summary>
public static class WarmStart
{
    private const string ClassTable = "class_embedding.weight";

    /// <summary>
    /// Copies all weights; each class begins as the class of its name, else as the one whose name begins its own (so
    /// that "metal_grate" begins as "metal"), else as no class.
    /// </summary>
    /// <param name="network">On the CPU: the source's architecture, but for the number of classes; the class table's
    /// last row is for no class.</param>
    /// <param name="classNames">Its classes, without the null class.</param>
    /// <param name="source">On the CPU; its class table's last row is for no class.</param>
    /// <param name="sourceClassNames">The source's classes, without the null class.</param>
    public static void Initialise(
        UNet2DModel network,
        IReadOnlyList<string> classNames,
        UNet2DModel source,
        IReadOnlyList<string> sourceClassNames)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(sourceClassNames);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var weights = source.state_dict();
        long[] rows =
        [
            .. classNames.Select(name => (long)FindRow(name, sourceClassNames)),
            sourceClassNames.Count,
        ];
        foreach (var (name, target) in network.state_dict())
        {
            target.copy_(name == ClassTable ? weights[name].index_select(0, tensor(rows)) : weights[name]);
        }
    }

    // The longest name that begins this one, itself included; the null class's row where there is none.
    private static int FindRow(string name, IReadOnlyList<string> known) => Enumerable.Range(0, known.Count)
        .Where(row => name.StartsWith(known[row], StringComparison.Ordinal))
        .OrderByDescending(row => known[row].Length)
        .FirstOrDefault(known.Count);
}
