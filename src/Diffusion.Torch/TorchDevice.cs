namespace Diffusion.Torch;

/// <summary>Where a network runs.</summary>
public enum TorchDevice
{
    /// <summary>CUDA where this build and this machine have it, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>The first CUDA device.</summary>
    Cuda,
}
