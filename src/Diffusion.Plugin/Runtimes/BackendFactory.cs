using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Makes the backend that runs a model's network.</summary>
internal static class BackendFactory
{
    /// <summary>Tests put another in its place.</summary>
    public static Func<ModelFolder, VulkanDevice, IDenoiserBackend> Create { get; set; } = static (_, _) =>
        throw new PluginException(ResultCode.ErrorUnsupported, "There is no backend in this build.");
}
