using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Peers.Eager;

/// <summary>
/// The network as a port of its PyTorch definition into TorchSharp's modules: no slices, no memory layout of its own,
/// every temporary freed at the end of the evaluation.
/// </summary>
/// <remarks>Only what the shipped model uses: DownBlock2D, UNetMidBlock2D, UpBlock2D, resampling by convolutions,
/// scale_shift, a class table, SiLU, sinusoidal time, a patch.</remarks>
internal sealed class EagerUNet : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly UNetConfig _config;
    private readonly Conv2d conv_in;
    private readonly EagerEmbedding time_embedding;
    private readonly Embedding class_embedding;
    private readonly ModuleList<EagerBlock> down_blocks = [];
    private readonly EagerBlock mid_block;
    private readonly ModuleList<EagerBlock> up_blocks = [];
    private readonly GroupNorm conv_norm_out;
    private readonly Conv2d conv_out;

    public EagerUNet(ModelFolder folder, bool isSeamless)
        : base(nameof(EagerUNet))
    {
        _config = folder.Config;
        ThrowIfOther(_config);
        PaddingModes padding = isSeamless ? PaddingModes.Circular : PaddingModes.Zeros;
        int[] widths = [.. _config.BlockOutChannels];
        int embedding = 4 * widths[0];
        conv_in = nn.Conv2d(_config.InChannels, widths[0], 3, padding: 1, padding_mode: padding);
        time_embedding = new EagerEmbedding(widths[0], embedding);
        class_embedding = nn.Embedding(_config.NumClassEmbeds, embedding);
        Stack<int> skips = new([widths[0]]);
        int channels = widths[0];
        for (int level = 0; level < widths.Length; level++)
        {
            EagerBlock block = new(_config, padding);
            for (int i = 0; i < _config.LayersPerBlock; i++)
            {
                block.AddResnet(channels, widths[level], embedding);
                skips.Push(channels = widths[level]);
            }

            if (level < widths.Length - 1)
            {
                block.AddDownsampler(channels);
                skips.Push(channels);
            }

            down_blocks.Add(block.Complete());
        }

        mid_block = new EagerBlock(_config, padding);
        mid_block.AddResnet(channels, channels, embedding);
        mid_block.AddAttention(channels);
        mid_block.AddResnet(channels, channels, embedding);
        mid_block.Complete();
        for (int level = widths.Length - 1; level >= 0; level--)
        {
            EagerBlock block = new(_config, padding);
            for (int i = 0; i <= _config.LayersPerBlock; i++)
            {
                block.AddResnet(channels + skips.Pop(), widths[level], embedding);
                channels = widths[level];
            }

            if (level > 0)
            {
                block.AddUpsampler(channels);
            }

            up_blocks.Add(block.Complete());
        }

        conv_norm_out = nn.GroupNorm(_config.NormNumGroups, widths[0], _config.NormEps);
        conv_out = nn.Conv2d(widths[0], _config.OutChannels, 3, padding: 1, padding_mode: padding);
        RegisterComponents();
        Read(folder);
        eval();
    }

    public override Tensor forward(Tensor sample, Tensor timestep, Tensor? label)
    {
        Tensor embedding = time_embedding.call(timestep) + class_embedding.call(label!);
        Tensor x = conv_in.call(nn.functional.pixel_unshuffle(sample, _config.PatchSize));
        Stack<Tensor> skips = new([x]);
        foreach (EagerBlock block in down_blocks)
        {
            x = block.Down(x, embedding, skips);
        }

        x = mid_block.Middle(x, embedding);
        foreach (EagerBlock block in up_blocks)
        {
            x = block.Up(x, embedding, skips);
        }

        x = conv_out.call(nn.functional.silu(conv_norm_out.call(x)));
        return nn.functional.pixel_shuffle(x, _config.PatchSize);
    }

    private void Read(ModelFolder folder)
    {
        using SafetensorsFile file = folder.OpenWeights();
        using IDisposable frozen = no_grad();
        Dictionary<string, Tensor> tensors = state_dict();
        if (!file.Entries.Keys.ToHashSet().SetEquals(tensors.Keys))
        {
            throw new InvalidOperationException("The port's tensors are not those of the model: "
                + string.Join(", ", file.Entries.Keys.Except(tensors.Keys).Concat(tensors.Keys.Except(file.Entries.Keys))));
        }

        foreach ((string name, Tensor tensor) in tensors)
        {
            file.CopyTo(name, MemoryMarshal.Cast<byte, float>(tensor.bytes));
        }
    }

    private static void ThrowIfOther(UNetConfig config)
    {
        bool isKnown = config.DownBlockTypes.All(type => type == "DownBlock2D")
            && config.UpBlockTypes.All(type => type == "UpBlock2D")
            && config is
            {
                MidBlockType: "UNetMidBlock2D", AddAttention: true, ResnetTimeScaleShift: "scale_shift", ActFn: "silu",
                DownsampleType: "conv", UpsampleType: "conv", DownsamplePadding: 1, TimeEmbeddingType: "positional",
                FlipSinToCos: true, FreqShift: 0, ClassEmbedType: null, NumClassEmbeds: > 0, AttnNormNumGroups: > 0,
                AttentionHeadDim: > 0, MidBlockScaleFactor: 1, CenterInputSample: false, TimeEmbeddingDim: 0, PatchSize: > 1,
            };
        if (!isKnown)
        {
            throw new NotSupportedException("The plain TorchSharp peer is written for networks like models/textures-64.");
        }
    }
}
