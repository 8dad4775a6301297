namespace Diffusion.Runtime.Models;

/// <summary>
/// Configuration of diffusers' <c>UNet2DModel</c> (<c>unet/config.json</c>); names and defaults are diffusers'.
/// </summary>
/// <remarks>
/// Immutable; validated by <see cref="ModelFolder"/> when read. Keys that are not here are named in a warning.
/// </remarks>
public sealed record UNetConfig
{
    /// <summary>Native canvas edge in pixels; 0 when the file has none.</summary>
    public int SampleSize { get; init; }

    /// <summary>Channels into conv_in: 3·PatchSize² for RGB, PatchSize² for grey.</summary>
    public int InChannels { get; init; } = 3;

    /// <summary>Channels out of conv_out; twice <see cref="InChannels"/> for a learned variance.</summary>
    public int OutChannels { get; init; } = 3;

    /// <summary>Whether the input is mapped from [0, 1] to [-1, 1] first.</summary>
    public bool CenterInputSample { get; init; }

    /// <summary><c>positional</c>, <c>fourier</c> or <c>learned</c>.</summary>
    public string TimeEmbeddingType { get; init; } = "positional";

    /// <summary>Width of the time embedding; 0 means four times the first block's channels.</summary>
    public int TimeEmbeddingDim { get; init; }

    /// <summary>Shift of the sinusoidal frequencies (0 or 1).</summary>
    public int FreqShift { get; init; }

    /// <summary>Whether cosine stands before sine.</summary>
    public bool FlipSinToCos { get; init; } = true;

    /// <summary>Encoder blocks: <c>DownBlock2D</c>, <c>AttnDownBlock2D</c>, and others.</summary>
    public IReadOnlyList<string> DownBlockTypes { get; init; } =
        ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"];

    /// <summary>Middle block: <c>UNetMidBlock2D</c>, or null for none.</summary>
    public string? MidBlockType { get; init; } = "UNetMidBlock2D";

    /// <summary>Decoder blocks, deepest first.</summary>
    public IReadOnlyList<string> UpBlockTypes { get; init; } =
        ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"];

    /// <summary>Channels per level, top first.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [224, 448, 672, 896];

    /// <summary>Residual blocks per encoder level (the decoder has one more).</summary>
    public int LayersPerBlock { get; init; } = 2;

    /// <summary>Divides the middle block's output; 1 in most checkpoints.</summary>
    public double MidBlockScaleFactor { get; init; } = 1;

    /// <summary>Padding of a strided downsampling convolution: 1, or 0 for asymmetric (0,1,0,1).</summary>
    public int DownsamplePadding { get; init; } = 1;

    /// <summary><c>conv</c> or <c>resnet</c>.</summary>
    public string DownsampleType { get; init; } = "conv";

    /// <summary><c>conv</c> or <c>resnet</c>.</summary>
    public string UpsampleType { get; init; } = "conv";

    /// <summary>Dropout rate in residual blocks while training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary><c>silu</c>, <c>mish</c>, <c>gelu</c> or <c>relu</c>.</summary>
    public string ActFn { get; init; } = "silu";

    /// <summary>Channels per attention head; 0 means one head.</summary>
    public int AttentionHeadDim { get; init; } = 8;

    /// <summary>Groups of group normalisation.</summary>
    public int NormNumGroups { get; init; } = 32;

    /// <summary>Groups in the attention's normalisation; 0 means <see cref="NormNumGroups"/>.</summary>
    public int AttnNormNumGroups { get; init; }

    /// <summary>Epsilon of group normalisation.</summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary><c>default</c> (added) or <c>scale_shift</c>.</summary>
    public string ResnetTimeScaleShift { get; init; } = "default";

    /// <summary>Whether the middle block has self-attention.</summary>
    public bool AddAttention { get; init; } = true;

    /// <summary><c>timestep</c>, <c>identity</c>, or null for a table of <see cref="NumClassEmbeds"/>.</summary>
    public string? ClassEmbedType { get; init; }

    /// <summary>Rows of the class table, the null class included; 0 for a network without classes.</summary>
    public int NumClassEmbeds { get; init; }

    /// <summary>Timesteps of the training schedule, for <c>learned</c> time embeddings.</summary>
    public int NumTrainTimesteps { get; init; }

    /// <summary>
    /// Edge of the pixel-unshuffle patch before <c>conv_in</c>, undone after <c>conv_out</c>; 1 for none. Our key: at 2
    /// the network sees <c>[N, 4·C, H/2, W/2]</c> and costs a quarter, so <see cref="InChannels"/> and
    /// <see cref="OutChannels"/> are 12 for RGB.
    /// </summary>
    public int PatchSize { get; init; } = 1;

    /// <summary>Width of the embedding of time and class: <see cref="TimeEmbeddingDim"/>, or 4 times the first
    /// level's channels.</summary>
    public int EmbeddingWidth => TimeEmbeddingDim > 0 ? TimeEmbeddingDim : 4 * BlockOutChannels[0];

    /// <summary>Channels of the pictures: 3 for RGB, 1 for grey.</summary>
    public int ImageChannels => InChannels / (PatchSize * PatchSize);

    /// <summary>What a canvas edge must be a multiple of: the patch times 2 to the number of downsamplings.</summary>
    public int Stride => PatchSize << Math.Max(0, BlockOutChannels.Count - 1);
}
