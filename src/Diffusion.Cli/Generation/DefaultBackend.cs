using System.Reflection;
using Diffusion.Onnx;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Torch;

namespace Diffusion.Cli.Generation;

/// <summary>Chooses the backend where none is named.</summary>
internal static class DefaultBackend
{
    /// <summary>
    /// ONNX Runtime, the fastest on a CPU, where its library is there and libtorch has no GPU to offer; else libtorch, or
    /// the Vulkan device where there is neither.
    /// </summary>
    public static string Name => OnnxRuntimeLibrary.IsPresent && !(TorchFeature.IsIncluded && MayHaveCuda)
        ? LoadedModel.OnnxName
        : TorchFeature.IsIncluded ? LoadedModel.TorchName : LoadedModel.ComputeName;

    /// <summary>That backend with a model; the caller disposes it.</summary>
    public static IDenoiserBackend Create(ModelFolder folder) =>
        Name == LoadedModel.OnnxName ? new OnnxBackend(folder) : new TorchBackend(folder);

    // Asked without loading libtorch, which any use of its assembly's code does.
    private static bool MayHaveCuda =>
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(TorchNative.OverrideVariable))
        || typeof(TorchNative).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(
            data => data.Key == "TorchVariant" && data.Value!.StartsWith("cuda", StringComparison.Ordinal));
}
