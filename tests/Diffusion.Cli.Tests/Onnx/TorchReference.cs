using System.Runtime.InteropServices;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>The Torch network on random inputs, one sample of the batch at a time.</summary>
/// <remarks>The oneDNN of libtorch 2.10 computes wrong batches where channels fill no block of 16.</remarks>
internal sealed class TorchReference
{
    private readonly UNet2DModel _network;
    private readonly bool _isSeamless;
    private readonly long[] _shape;

    public TorchReference(UNet2DModel network, int batch, int height, int width, bool isSeamless, int seed)
    {
        _network = network;
        _isSeamless = isSeamless;
        _shape = [1, 3, height, width];
        using IDisposable scope = NewDisposeScope();
        using Generator generator = new((ulong)seed);
        Sample = randn([batch, 3, height, width], generator: generator).data<float>().ToArray();
        Times = [.. Enumerable.Range(0, batch).Select(i => 3f + (23 * i))];
        int rows = network.Config.NumClassEmbeds;
        bool isTime = network.Config.ClassEmbedType is not null;
        Labels = rows == 0 && !isTime
            ? []
            : [.. Enumerable.Range(0, batch).Select(i => isTime ? i + 1L : i % rows)];
    }

    /// <summary>[N, 3, H, W].</summary>
    public float[] Sample { get; }

    /// <summary>[N].</summary>
    public float[] Times { get; }

    /// <summary>[N], or empty for a network without classes.</summary>
    public long[] Labels { get; }

    /// <summary>The network's output of all samples.</summary>
    public float[] Run() => [.. RunSlices()[^1].Values];

    /// <summary>What each slice hands on, of all samples, by the slice's name.</summary>
    public IReadOnlyList<(string Name, float[] Values)> RunSlices()
    {
        using IDisposable mode = inference_mode();
        using IDisposable scope = NewDisposeScope();
        _network.Seamless = _isSeamless;
        List<float>[] made = [.. _network.Slices.Select(_ => new List<float>())];
        int length = Sample.Length / Times.Length;
        for (int sample = 0; sample < Times.Length; sample++)
        {
            using UNetState state = new();
            _network.Begin(
                state,
                tensor(Sample[(sample * length)..((sample + 1) * length)]).reshape(_shape),
                tensor(new[] { Times[sample] }),
                Labels.Length == 0 ? null : tensor(new[] { Labels[sample] }));
            for (int i = 0; i < made.Length; i++)
            {
                _network.Slices[i].Run(state);
                made[i].AddRange(MemoryMarshal.Cast<byte, float>(state.Hidden.contiguous().bytes));
            }
        }

        return [.. _network.Slices.Select((slice, i) => (slice.Name, made[i].ToArray()))];
    }
}
