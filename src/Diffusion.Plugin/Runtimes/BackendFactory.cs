using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Makes the backend that runs a model's network.</summary>
internal static class BackendFactory
{
    /// <summary>The compute backend; tests put another in its place.</summary>
    public static Func<ModelFolder, VulkanDevice, IDenoiserBackend> Create { get; set; } =
        static (folder, device) => new ComputeBackend(folder, device);
}
