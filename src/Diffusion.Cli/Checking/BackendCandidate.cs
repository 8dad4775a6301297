using Diffusion.Cli.Generation;
using Diffusion.Onnx;
using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Torch;

namespace Diffusion.Cli.Checking;

/// <summary>A backend that a build may have.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Create">Makes it, or throws with the reason that it cannot be made.</param>
internal sealed record BackendCandidate(string Name, Func<ModelFolder, IDenoiserBackend> Create)
{
    /// <summary>All backends, the reference first.</summary>
    /// <param name="device">The Vulkan device, or null where there is none.</param>
    public static IReadOnlyList<BackendCandidate> All(VulkanDevice? device) =>
    [
        new("torch cpu", folder => new TorchBackend(folder, TorchDevice.Cpu)),
        new("torch cuda", folder => new TorchBackend(folder, TorchDevice.Cuda)),
        new(LoadedModel.OnnxName, folder => new OnnxBackend(folder)),
        new(LoadedModel.ComputeName, folder => CreateCompute(folder, device)),
    ];

    // Slices are waited for, so that the host's clock tells what they take.
    private static ComputeBackend CreateCompute(ModelFolder folder, VulkanDevice? device) => device is null
        ? throw new NotSupportedException("there is no Vulkan device")
        : new ComputeBackend(folder, device, new ComputeBackendOptions { WaitsForSlices = true });
}
