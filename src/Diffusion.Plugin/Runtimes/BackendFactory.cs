using Diffusion.Onnx;
using Diffusion.Plugin.Errors;
using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Makes the backend that runs a model's network.</summary>
internal static class BackendFactory
{
    /// <summary>The network in Vulkan compute shaders, what null stands for.</summary>
    public const string ComputeName = "compute";

    /// <summary>The network in ONNX Runtime, on the CPU.</summary>
    public const string OnnxName = "onnx";

    /// <summary>The compute backend; tests put another in its place.</summary>
    public static Func<ModelFolder, VulkanDevice, IDenoiserBackend> Create { get; set; } =
        static (folder, device) => new ComputeBackend(folder, device);

    /// <summary>The CPU engine, whose library is loaded only now; throws where it is missing.</summary>
    public static Func<ModelFolder, IDenoiserBackend> CreateOnnx { get; } = static folder =>
    {
        OnnxRuntimeLibrary.Load(PluginFolder.Find());
        return new OnnxBackend(folder);
    };

    /// <summary>The name that a host wrote, or the default.</summary>
    /// <exception cref="PluginException">There is no such backend.</exception>
    public static string ReadName(string? name) => name is null or ComputeName or OnnxName
        ? name ?? ComputeName
        : throw new PluginException(
            ResultCode.ErrorInvalidArgument, $"backend must be {ComputeName} or {OnnxName}, not '{name}'.");
}
