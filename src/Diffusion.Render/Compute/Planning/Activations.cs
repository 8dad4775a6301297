namespace Diffusion.Render.Compute.Planning;

/// <summary>Activations [N, C, H, W] and where they lie: what flows from one block of the network to the next.</summary>
internal readonly record struct Activations(BufferRange Range, int Channels, int Height, int Width)
{
    public int Pixels => Height * Width;
}
