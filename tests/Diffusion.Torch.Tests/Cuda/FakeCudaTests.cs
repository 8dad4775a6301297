namespace Diffusion.Torch.Tests.Cuda;

/// <summary>Tests that have the process's stand-in for the CUDA driver to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FakeCudaTests
{
    public const string Name = "stand-in for the CUDA driver";
}
