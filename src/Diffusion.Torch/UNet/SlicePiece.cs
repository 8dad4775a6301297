using Diffusion.Runtime.Backends;

namespace Diffusion.Torch.UNet;

/// <summary>A slice of the network, or a piece of one that would take too long at once.</summary>
/// <param name="Info">Name, arithmetic and bytes.</param>
/// <param name="Run">Advances a state; frees every temporary.</param>
internal sealed record SlicePiece(SliceInfo Info, Action<UNetState> Run);
