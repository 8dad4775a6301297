using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>An engine's own instance, device and queue, lent to <see cref="VulkanDevice.Adopt"/>.</summary>
/// <remarks>The engine keeps them alive until the <see cref="VulkanDevice"/> is disposed, and destroys them
/// itself.</remarks>
public sealed record EngineDevice
{
    /// <summary>The instance, created for Vulkan 1.3 or later.</summary>
    public required Instance Instance { get; init; }

    /// <summary>The physical device, one of the instance's.</summary>
    public required PhysicalDevice PhysicalDevice { get; init; }

    /// <summary>The device, with all that <see cref="VulkanRequirements.ForDevice"/> requires.</summary>
    public required Device Device { get; init; }

    /// <summary>The queue to submit to.</summary>
    public required Queue Queue { get; init; }

    /// <summary>Its family, one of <see cref="VulkanDeviceRequirements.QueueFamilies"/>.</summary>
    public required uint QueueFamily { get; init; }

    /// <summary>
    /// The engine's lock around uses of the queue; null when it uses the queue only on the thread that renders with
    /// this
    /// library.
    /// </summary>
    public IQueueLock? QueueLock { get; init; }

    /// <summary>
    /// Another queue, on which networks of the compute backend run beside frames; null has them on
    /// <see cref="Queue"/>, between frames. Not yet run on a GPU.
    /// </summary>
    public EngineCompute? Compute { get; init; }

    /// <summary>The instance extensions that are enabled; those unknown here do not matter.</summary>
    public IReadOnlyList<string> InstanceExtensions { get; init; } = [];

    /// <summary>The device extensions that are enabled; those unknown here do not matter.</summary>
    public IReadOnlyList<string> DeviceExtensions { get; init; } = [];

    /// <summary>The features that are enabled.</summary>
    public required VulkanFeatures Features { get; init; }

    /// <summary>The engine's vkGetInstanceProcAddr; 0 takes the loader's.</summary>
    public nint GetInstanceProcAddr { get; init; }

    /// <summary>
    /// The engine's VkAllocationCallbacks, for every object made on the device; 0 for none. The struct must lie where
    /// it is until the <see cref="VulkanDevice"/> is disposed.
    /// </summary>
    public nint AllocationCallbacks { get; init; }

    /// <summary>
    /// Takes a line when something is done in a lesser way than could be, with the reason: staging in place of an
    /// import, a pipeline cache that is ignored. Any thread; must not throw. Null: nothing is said.
    /// </summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// A folder in which compiled pipelines are kept from run to run, one file for each device and driver, and where
    /// the compute backend looks for what <see cref="Compute.Tuning.ComputeTuner"/> measured; null for none.
    /// </summary>
    public string? PipelineCacheFolder { get; init; }
}
