using Diffusion.Runtime.Models;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>diffusers' <c>UNet2DModel</c>: a time- and class-conditioned U-Net, parameter names unchanged.</summary>
/// <remarks>
/// The network is one flat list of slices through which a state flows. <see cref="forward"/>, which training calls,
/// runs them all; a session runs them one at a time: there is no second implementation. Weights are initialised as
/// PyTorch does, except that the last convolution of every residual block and <c>conv_out</c> start at zero, so that a
/// fresh network is close to the identity of its skips, which trains faster; loading overwrites them. Owned by its
/// creator, one thread at a time. [Ho20, App. B]
/// <para>
/// Blocks: DownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D; UNetMidBlock2D or none; UpBlock2D, AttnUpBlock2D,
/// ResnetUpsampleBlock2D. Keys: every property of <see cref="UNetConfig"/>, with time_embedding_type positional,
/// fourier, learned; class_embed_type null, timestep, identity; act_fn silu, swish, mish, gelu, relu; down- and
/// upsample_type conv, resnet; resnet_time_scale_shift default, scale_shift; downsample_padding 0, 1; patch_size is
/// ours.
/// </para>
/// <para>
/// Left out, and refused by name: the skip blocks with FIR filters (SkipDownBlock2D, AttnSkipDownBlock2D and their Up
/// forms, of the NCSN++ checkpoints), the cross-attention, K- and simple blocks (of text-conditioned pipelines, which
/// are no UNet2DModel), and resnet_time_scale_shift ada_group and spatial.
/// </para>
/// </remarks>
public sealed class UNet2DModel : nn.Module<Tensor, Tensor, Tensor?, Tensor>
{
    private readonly PaddingSwitch _padding = new();
    private readonly UNetSlice[] _slices;

    /// <summary>Builds the network with fresh weights from torch's global random generator.</summary>
    /// <param name="config">The configuration, in diffusers' words.</param>
    /// <exception cref="ArgumentException">The configuration names an unknown block or sizes that do not fit
    /// together.</exception>
    /// <exception cref="DllNotFoundException">libtorch is missing.</exception>
    public UNet2DModel(UNetConfig config)
        : base(Prepare(config))
    {
        Config = config;
        _slices = UNetBuilder.Build(config, this, _padding);
    }

    /// <summary>The configuration it was built from.</summary>
    public UNetConfig Config { get; }

    /// <summary>
    /// Whether every 3x3 convolution wraps around the canvas (circular padding). Default false, as diffusers.
    /// </summary>
    public bool Seamless
    {
        get => _padding.Circular;
        set => _padding.Circular = value;
    }

    /// <summary>The slices in order, from <c>conv_in</c> to <c>conv_out</c>.</summary>
    internal IReadOnlyList<UNetSlice> Slices => _slices;

    /// <summary>The network's output: what it was trained to predict (ε, x_0 or v) at full resolution.</summary>
    /// <param name="x">The scaled sample [N, C, H, W] float32; H and W are multiples of the configuration's
    /// stride.</param>
    /// <param name="timestep">[N] float32: the noise level in the network's units.</param>
    /// <param name="label">[N] int64 class labels for a class-conditional network, else null.</param>
    /// <returns>[N, C', H, W]; attached to the caller's dispose scope.</returns>
    /// <exception cref="ArgumentException">A shape or the presence of labels does not fit the
    /// configuration.</exception>
    public override Tensor forward(Tensor x, Tensor timestep, Tensor? label)
    {
        using UNetState state = new();
        Begin(state, x, timestep, label);
        foreach (UNetSlice slice in _slices)
        {
            slice.Run(state);
        }

        Tensor output = state.TakeHidden();
        CurrentDisposeScope?.Attach(output);
        return output;
    }

    /// <summary>
    /// Checks the inputs and puts them into <paramref name="state"/>, which borrows them until the first slice has run.
    /// </summary>
    internal void Begin(UNetState state, Tensor x, Tensor timestep, Tensor? label)
    {
        int channels = Config.InChannels / (Config.PatchSize * Config.PatchSize);
        int stride = Config.Stride;
        if (x.dim() != 4 || x.shape[1] != channels || x.shape[2] % stride != 0 || x.shape[3] % stride != 0)
        {
            throw new ArgumentException(
                $"The sample's shape is [{string.Join(", ", x.shape)}]; " +
                $"the network takes [N, {channels}, H, W] with H and W multiples of {stride}.",
                nameof(x));
        }

        if (timestep.dim() != 1 || timestep.shape[0] != x.shape[0])
        {
            throw new ArgumentException(
                $"The timestep's shape is [{string.Join(", ", timestep.shape)}]; " +
                $"it must be [{x.shape[0]}], one per sample.",
                nameof(timestep));
        }

        bool conditional = Config.NumClassEmbeds > 0 || Config.ClassEmbedType is not null;
        if (conditional != label is not null)
        {
            throw new ArgumentException(
                conditional
                    ? "The network is class-conditional and needs labels."
                    : "The network has no classes and takes no labels.",
                nameof(label));
        }

        state.Start(x, timestep, label);
    }

    /// <summary>The network at a canvas size and batch as pieces of work, none much longer than the others.</summary>
    /// <param name="batch">Samples evaluated together, 2 when guided.</param>
    /// <param name="height">Canvas height in pixels.</param>
    /// <param name="width">Canvas width in pixels.</param>
    /// <param name="workPerPiece">See <see cref="SlicePlan.WorkPerPiece"/>; infinity leaves slices whole.</param>
    internal SlicePiece[] Pieces(
        int batch, int height, int width, double workPerPiece = SlicePlan.WorkPerPiece)
    {
        SliceCost cost = new(batch, height, width);
        return [.. _slices.SelectMany(slice => slice.Pieces(cost, workPerPiece))];
    }

    private static string Prepare(UNetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        TorchNative.Load();
        return nameof(UNet2DModel);
    }
}
