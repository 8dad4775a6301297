using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>A network's output, taken apart.</summary>
/// <param name="Mean">[N, C, H, W]: what it predicts of the mean.</param>
/// <param name="Variance">[N, C, H, W]: v of the variance's range, or null for a fixed variance.</param>
internal readonly record struct NetworkOutput(Tensor Mean, Tensor? Variance)
{
    /// <summary>Checks the channels and divides them, mean first as diffusers does.</summary>
    /// <param name="output">[N, C or 2·C, H, W].</param>
    /// <param name="variance">Whether the second half is there.</param>
    /// <param name="channels">C, the channels of a picture.</param>
    /// <exception cref="ArgumentException">The network has another number of channels than the variance
    /// needs.</exception>
    public static NetworkOutput Of(Tensor output, ReverseVariance variance, long channels)
    {
        var expected = variance == ReverseVariance.Learned ? 2 * channels : channels;
        if (output.shape[1] != expected)
        {
            throw new ArgumentException(
                $"The network has {output.shape[1]} output channels; the variance '{variance}' needs {expected}.");
        }

        return variance == ReverseVariance.Learned
            ? new(output.narrow(1, 0, channels), output.narrow(1, channels, channels))
            : new(output, null);
    }
}
