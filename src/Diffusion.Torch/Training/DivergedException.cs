namespace Diffusion.Torch.Training;

/// <summary>Training has diverged: a loss or gradient is no longer finite.</summary>
public sealed class DivergedException : Exception
{
    internal DivergedException(string message)
        : base(message)
    {
    }
}
