using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>What this library needs of an instance and a device; an engine asks before it creates its own.</summary>
/// <remarks>The instance is created for Vulkan 1.3 (VkApplicationInfo.apiVersion) or later. <see cref="ForDevice"/>
/// says
/// what of this a physical device has; an engine's device is then lent to <see cref="VulkanDevice.Adopt"/>.</remarks>
/// <param name="InstanceExtensions">Instance extensions that must be there.</param>
/// <param name="DeviceExtensions">Device extensions that must be there.</param>
/// <param name="OptionalDeviceExtensions">Device extensions that make things faster; each is used only where it is
/// there.</param>
public sealed record VulkanRequirements(
    IReadOnlyList<string> InstanceExtensions,
    IReadOnlyList<string> DeviceExtensions,
    IReadOnlyList<string> OptionalDeviceExtensions)
{
    /// <summary>Imports host memory as device memory, so that a sample reaches the device without a copy.</summary>
    public const string ExternalMemoryHostExtension = "VK_EXT_external_memory_host";

    /// <summary>Exports device memory, so that CUDA on the same device copies samples to it.</summary>
    public static readonly string ExternalMemoryExtension =
        OperatingSystem.IsWindows() ? "VK_KHR_external_memory_win32" : "VK_KHR_external_memory_fd";

    /// <summary>Exports the timeline semaphore that says when they are there.</summary>
    public static readonly string ExternalSemaphoreExtension =
        OperatingSystem.IsWindows() ? "VK_KHR_external_semaphore_win32" : "VK_KHR_external_semaphore_fd";

    /// <summary>
    /// Subgroups multiply matrices together, for the convolutions of float16 networks; not yet run on a GPU.
    /// </summary>
    public const string CooperativeMatrixExtension = "VK_KHR_cooperative_matrix";

    /// <summary>Names objects and passes for debuggers; an instance extension.</summary>
    public const string DebugUtilsExtension = "VK_EXT_debug_utils";

    internal const string SwapchainExtension = "VK_KHR_swapchain";
    internal const string ValidationFeaturesExtension = "VK_EXT_validation_features";
    internal const string ValidationLayer = "VK_LAYER_KHRONOS_validation";

    /// <summary>The lowest Vulkan version served, major.</summary>
    public const int VersionMajor = 1;

    /// <summary>The lowest Vulkan version served, minor.</summary>
    public const int VersionMinor = 3;

    /// <summary>What the queue must do: images are converted by compute and their mip levels blitted by
    /// graphics.</summary>
    public const QueueFlags Queue = QueueFlags.GraphicsBit | QueueFlags.ComputeBit;

    /// <summary>Shared textures and offscreen frames: all that an engine which presents by itself needs.</summary>
    public static VulkanRequirements Headless { get; } = new([], [], Optional());

    /// <summary>Instance extensions used only where they are there.</summary>
    public IReadOnlyList<string> OptionalInstanceExtensions { get; } = [DebugUtilsExtension];

    /// <summary>Features that must be there.</summary>
    public VulkanFeatures Features { get; } = VulkanFeatures.TimelineSemaphore | VulkanFeatures.DynamicRendering
        | VulkanFeatures.Synchronization2 | VulkanFeatures.Maintenance4;

    /// <summary>Features used only where they are there.</summary>
    public VulkanFeatures OptionalFeatures { get; } =
        VulkanFeatures.SamplerAnisotropy | CooperativeMatrices.Features;

    /// <summary>The above and presentation to a window.</summary>
    /// <param name="surfaceExtensions">Instance extensions that the window names.</param>
    public static VulkanRequirements Presenting(IReadOnlyList<string> surfaceExtensions)
        => new(surfaceExtensions, [SwapchainExtension], Optional());

    /// <summary>What these requirements come to on a physical device, before a device exists.</summary>
    /// <param name="instance">The engine's instance.</param>
    /// <param name="physicalDevice">One of its physical devices.</param>
    /// <param name="getInstanceProcAddr">The engine's vkGetInstanceProcAddr; 0 takes the loader's.</param>
    /// <exception cref="VulkanException">No loader.</exception>
    public VulkanDeviceRequirements ForDevice(
        Instance instance, PhysicalDevice physicalDevice, nint getInstanceProcAddr = 0)
    {
        using Vk api = VulkanInstance.LoadApi(ProcAddressContext.Loader(getInstanceProcAddr, instance));
        return Evaluate(api, physicalDevice);
    }

    private static string[] Optional()
        =>
        [
            ExternalMemoryHostExtension, ExternalMemoryExtension, ExternalSemaphoreExtension,
            CooperativeMatrixExtension,
        ];

    internal VulkanDeviceRequirements Evaluate(Vk api, PhysicalDevice physicalDevice)
    {
        VulkanDeviceInfo info = PhysicalDevices.Describe(api, physicalDevice, 0);
        HashSet<string> extensions = PhysicalDevices.Extensions(api, physicalDevice);

        // Below 1.3 the structures of features may not even be asked for.
        bool isRecent = info.Version >= new Version(VersionMajor, VersionMinor);
        VulkanFeatures features = isRecent
            ? PhysicalDevices.Features(api, physicalDevice, extensions)
            : VulkanFeatures.None;

        // All that matrices need, or nothing.
        if (!features.HasFlag(CooperativeMatrices.Features))
        {
            features &= ~CooperativeMatrices.Features;
            extensions.Remove(CooperativeMatrixExtension);
        }

        QueueFamilyProperties[] queues = PhysicalDevices.QueueFamilies(api, physicalDevice);
        uint[] families = [.. Enumerable.Range(0, queues.Length)
            .Where(family => (queues[family].QueueFlags & Queue) == Queue).Select(family => (uint)family)];
        List<string> missing = isRecent ? [] : [$"Vulkan {VersionMajor}.{VersionMinor} (it offers {info.Version})"];
        missing.AddRange(DeviceExtensions.Where(name => !extensions.Contains(name)));
        if (isRecent && (Features & ~features) is not VulkanFeatures.None and var lacking)
        {
            missing.Add($"the features {lacking}");
        }

        if (families.Length == 0)
        {
            missing.Add("a queue for graphics and compute");
        }

        return new VulkanDeviceRequirements(
            missing, DeviceExtensions, [.. OptionalDeviceExtensions.Where(extensions.Contains)], Features,
            OptionalFeatures & features, families);
    }
}
