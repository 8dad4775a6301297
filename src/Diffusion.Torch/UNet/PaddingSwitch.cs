namespace Diffusion.Torch.UNet;

/// <summary>
/// Shared by all convolutions of a network: zero padding, as trained, or circular, so that the output tiles.
/// </summary>
internal sealed class PaddingSwitch
{
    public bool Circular { get; set; }
}
