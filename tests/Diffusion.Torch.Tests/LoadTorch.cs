using System.Runtime.CompilerServices;

namespace Diffusion.Torch.Tests;

/// <summary>Tests touch TorchSharp's own types first, before any type of Diffusion.Torch could load libtorch.</summary>
internal static class LoadTorch
{
#pragma warning disable CA2255 // a test assembly is loaded to be run
    [ModuleInitializer]
    internal static void Load() => TorchNative.Load();
#pragma warning restore CA2255
}
