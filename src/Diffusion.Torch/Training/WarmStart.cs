using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>Begins a training with the weights of a network that is trained already.</summary>
public static class WarmStart
{
    /// <summary>
    /// Copies all weights. A class that the source knows by name begins as it is there; a new one near the class whose
    /// name begins its own ("metal_grate" near "metal"), else near no class.
    /// </summary>
    /// <remarks>
    /// Near: away from it by the network's own random row, scaled to how far the source's classes lie apart. Classes
    /// that begin alike are hardly told apart a thousand iterations later.
    /// </remarks>
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
        WeightCopy.Into(network, source, (random, known) => ClassRows(random, classNames, known, sourceClassNames));
    }

    private static Tensor ClassRows(
        Tensor random, IReadOnlyList<string> classNames, Tensor source, IReadOnlyList<string> sourceClassNames)
    {
        var spread = sourceClassNames.Count > 1
            ? source.narrow(0, 0, sourceClassNames.Count).std(0, unbiased: true, keepdim: true)
            : ones_like(source[0]);
        long[] rows = [.. classNames.Select(name => (long)FindRow(name, sourceClassNames)), sourceClassNames.Count];
        var isNew = tensor(
            [.. classNames.Select(name => sourceClassNames.Contains(name) ? 0f : 1f), 0f], [rows.Length, 1]);
        return source.index_select(0, tensor(rows)) + (isNew * spread * random);
    }

    // The longest name that begins this one, itself included; the null class's row where there is none.
    private static int FindRow(string name, IReadOnlyList<string> known) => Enumerable.Range(0, known.Count)
        .Where(row => name.StartsWith(known[row], StringComparison.Ordinal))
        .OrderByDescending(row => known[row].Length)
        .FirstOrDefault(known.Count);
}
