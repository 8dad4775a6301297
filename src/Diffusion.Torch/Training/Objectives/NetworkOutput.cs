using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>A network's output, taken apart.</summary>
/// <param name="Mean">[N, 3, H, W]: what it predicts of the mean.</param>
/// <param name="Variance">[N, 3, H, W]: v of the variance's range, or null for a fixed variance.</param>
internal readonly record struct NetworkOutput(Tensor Mean, Tensor? Variance)
{
    private const int ImageChannels = 3;

    /// <summary>Checks the channels and divides them, mean first as diffusers does.</summary>
    /// <exception cref="ArgumentException">The network has another number of channels than the variance
    /// needs.</exception>
    public static NetworkOutput Of(Tensor output, ReverseVariance variance)
    {
        var expected = variance == ReverseVariance.Learned ? 2 * ImageChannels : ImageChannels;
        if (output.shape[1] != expected)
        {
            throw new ArgumentException(
                $"The network has {output.shape[1]} output channels; the variance '{variance}' needs {expected}.");
        }

        return variance == ReverseVariance.Learned
            ? new(output.narrow(1, 0, ImageChannels), output.narrow(1, ImageChannels, ImageChannels))
            : new(output, null);
    }
}
