using CsCheck;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>Random small networks over all that a configuration may say, and random shapes.</summary>
internal static class NetworkGenerator
{
    private static readonly string[] _downTypes = ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"];
    private static readonly string[] _upTypes = ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"];
    private static readonly string[] _activations = ["silu", "mish", "gelu", "relu"];

    // Channels are groups times this: mostly no multiple of a tile, 8.
    private static readonly Gen<int> _factor = Gen.Int[1, 13];

    public static Gen<NetworkCase> Cases { get; } =
        from levels in Gen.Int[1, 3]
        from groups in Among(1, 2, 3, 4)
        from factors in _factor.Array[levels]
        from down in Among(_downTypes).Array[levels]
        from up in Among(_upTypes).Array[levels]
        from words in Gen.Select(
            Among(_activations), Among("default", "scale_shift"),
            Among("positional", "fourier", "learned"), Among("conv", "resnet"))
        from numbers in Gen.Select(Gen.Int[1, 2], Gen.Int[0, 1], Gen.Int[1, 2], Gen.Int[0, 4])
        from switches in Gen.Bool.Array[8]
        from shape in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 1000])
        let config = Configure(groups, factors, down, up, words, numbers, switches)
        select new NetworkCase(
            config, shape.Item1, shape.Item2 * config.Stride, shape.Item3 * config.Stride, switches[7], shape.Item4);

    private static Gen<T> Among<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static UNetConfig Configure(
        int groups,
        int[] factors,
        string[] down,
        string[] up,
        (string Act, string Shift, string Time, string Resample) words,
        (int Layers, int Padding, int Patch, int Classes) numbers,
        bool[] switches)
    {
        // A sinusoidal embedding needs two channels and more, and rounds an odd number down.
        int[] channels = [.. factors.Select(factor => Math.Max(factor * groups, 4 * groups))];
        int pixels = numbers.Patch * numbers.Patch;
        return new UNetConfig
        {
            BlockOutChannels = channels,
            DownBlockTypes = down,
            UpBlockTypes = up,
            MidBlockType = switches[0] ? "UNetMidBlock2D" : null,
            AddAttention = switches[1],
            MidBlockScaleFactor = switches[2] ? 1.5 : 1,
            AttentionHeadDim = switches[3] ? 0 : groups,
            CenterInputSample = switches[4],
            FlipSinToCos = switches[5],
            ClassEmbedType = switches[6] ? "timestep" : null,
            NumClassEmbeds = numbers.Classes,
            NormNumGroups = groups,
            AttnNormNumGroups = switches[5] ? groups : 0,
            LayersPerBlock = numbers.Layers,
            DownsamplePadding = numbers.Padding,
            PatchSize = numbers.Patch,
            InChannels = 3 * pixels,
            OutChannels = (switches[3] ? 3 : 6) * pixels,
            ActFn = words.Act,
            ResnetTimeScaleShift = words.Shift,
            TimeEmbeddingType = words.Time,
            NumTrainTimesteps = 100,
            DownsampleType = words.Resample,
            UpsampleType = words.Resample,
        };
    }
}
