using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Network;

namespace Diffusion.Render.Compute.Network;

/// <summary>A configuration as the ordered blocks of the network, and the places of their weights.</summary>
/// <remarks>The same blocks in the same order as the Torch backend's; refuses what that refuses.</remarks>
internal sealed class UNetStructure
{
    private readonly UNetConfig _config;
    private readonly List<Block> _blocks = [];

    /// <summary>Lays out a network.</summary>
    /// <exception cref="ArgumentException">The configuration names an unknown block or sizes that do not fit
    /// together.</exception>
    public UNetStructure(UNetConfig config, StoragePrecision precision)
    {
        IReadOnlyList<UNetBlock> blocks = UNetBlocks.Of(config);
        _config = config;
        Weights = new WeightLayout(precision);
        Time = new TimeFeatures(config, Weights);
        (ClassTable, ClassWidth) = LayOutClasses();
        _blocks.Add(new StemBlock(config, Weights, Time, config.EmbeddingWidth) { KeepsSkip = true });
        foreach (UNetBlock block in blocks)
        {
            _blocks.Add(Create(block));
        }

        _blocks.Add(new HeadBlock(config, Weights));
    }

    public WeightLayout Weights { get; }

    public TimeFeatures Time { get; }

    /// <summary>Embeddings by label, or null.</summary>
    public HostTable? ClassTable { get; }

    /// <summary>Values per sample that stand for its class; 0 for a network without classes.</summary>
    public int ClassWidth { get; }

    /// <summary>Every dispatch of an evaluation at a shape.</summary>
    /// <param name="batch">Samples evaluated together, 2 when guided.</param>
    /// <param name="height">Canvas height in pixels, a multiple of the configuration's stride.</param>
    /// <param name="width">Canvas width, likewise.</param>
    /// <param name="seamless">Whether convolutions wrap around.</param>
    /// <param name="tuning">Choices of the device.</param>
    /// <param name="mostFlops">Arithmetic that one submission may have.</param>
    /// <param name="plainBatch">Samples of evaluations without guidance, which the plan then has besides; null or
    /// <paramref name="batch"/> where all evaluations are alike.</param>
    public NetworkPlan Plan(
        int batch, int height, int width, bool seamless, ComputeTuning tuning,
        double mostFlops = double.PositiveInfinity, int? plainBatch = null)
    {
        InputLayout input = InputLayout.Create(
            batch, _config.ImageChannels, height, width, Time.Width, ClassWidth);
        return new NetworkPlan(
            Write(batch), plainBatch is { } plain && plain != batch ? Write(plain) : null, mostFlops);

        PlanWriter Write(int samples)
        {
            PlanWriter writer = new(batch, samples, seamless, tuning, input, Weights.Precision);
            foreach (Block block in _blocks)
            {
                block.Plan(writer);
            }

            return writer;
        }
    }

    internal static Activation ActivationNamed(string name) => name switch
    {
        "silu" or "swish" => Activation.Silu,
        "mish" => Activation.Mish,
        "gelu" => Activation.Gelu,
        "relu" => Activation.Relu,
        _ => throw new ArgumentException($"act_fn '{name}' is unknown: it is silu, swish, mish, gelu or relu."),
    };

    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    internal static WeightPair Norm(WeightLayout weights, string path, int groups, int channels) =>
        groups >= 1 && channels % groups == 0
            ? weights.Norm(path, channels)
            : throw new ArgumentException(
                $"{path} has {channels} channels, which {groups} normalisation groups do not divide.");

    private (HostTable? Table, int Width) LayOutClasses() => _config.ClassEmbedType switch
    {
        null when _config.NumClassEmbeds > 0 => (
            Weights.Table("class_embedding.weight", _config.NumClassEmbeds, _config.EmbeddingWidth),
            _config.EmbeddingWidth),
        null => (null, 0),
        "timestep" => (null, Time.Width),
        _ => throw new ArgumentException(
            $"class_embed_type '{_config.ClassEmbedType}' is unknown: it is timestep, identity or null."),
    };

    private Block Create(UNetBlock block) => block switch
    {
        UNetResnet resnet => new ResnetBlock(
            _config, Weights, resnet.Path, resnet.Inputs, resnet.Outputs, _config.EmbeddingWidth)
        {
            KeepsSkip = resnet.KeepsSkip,
            TakesSkip = resnet.TakesSkip,
            Resample = resnet.Resample,
            OutputScale = resnet.OutputScale,
        },
        UNetAttention attention => new AttentionBlock(
            Weights, attention.Path, attention.Channels, _config.AttentionHeadDim, attention.Groups, _config.NormEps)
        {
            KeepsSkip = attention.KeepsSkip,
            OutputScale = attention.OutputScale,
        },
        UNetResample resample => new ResampleBlock(
            Weights, resample.Path, resample.Channels, resample.IsUp, resample.IsAsymmetric)
        {
            KeepsSkip = resample.KeepsSkip,
        },
        _ => throw new ArgumentException($"{block.Path} is a {block.GetType().Name}, for which there is no kernel."),
    };
}
