using Diffusion.Torch.Training.Times;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>What an objective computes its losses from.</summary>
/// <param name="Clean">x_0 [N, 3, H, W] in [-1, 1].</param>
/// <param name="Labels">[N] class indices.</param>
/// <param name="Draws">The times of the pictures.</param>
/// <param name="Noise">Where noise is drawn from, on the CPU, so that the device does not change what is
/// learned.</param>
internal sealed record ObjectiveBatch(Tensor Clean, Tensor Labels, TimeDraw[] Draws, Generator Noise)
{
    public Device Device => Clean.device;

    /// <summary>ε ~ N(0, 1) in the pictures' shape.</summary>
    public Tensor DrawNoise() => randn(Clean.shape, generator: Noise).to(Device);

    /// <summary>One number a picture, [N, 1, 1, 1].</summary>
    public Tensor PerPicture<T>(T[] items, Converter<T, double> value) =>
        tensor(Array.ConvertAll(items, item => (float)value(item)), [items.Length, 1, 1, 1]).to(Device);
}
