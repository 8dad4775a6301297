namespace Diffusion.Render.Devices;

/// <summary>What this library needs of an instance and a device; an engine asks before it creates its own.</summary>
/// <remarks>Required besides the extensions: the features dynamicRendering, synchronization2, maintenance4 and
/// timelineSemaphore (all of Vulkan 1.3's core), and one queue family with graphics and compute. samplerAnisotropy is
/// used where it is there.</remarks>
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

    internal const string SwapchainExtension = "VK_KHR_swapchain";
    internal const string DebugUtilsExtension = "VK_EXT_debug_utils";
    internal const string ValidationFeaturesExtension = "VK_EXT_validation_features";
    internal const string ValidationLayer = "VK_LAYER_KHRONOS_validation";

    /// <summary>The lowest Vulkan version served, major.</summary>
    public const int VersionMajor = 1;

    /// <summary>The lowest Vulkan version served, minor.</summary>
    public const int VersionMinor = 3;

    /// <summary>Shared textures and offscreen frames.</summary>
    public static VulkanRequirements Headless { get; } = new([], [], [ExternalMemoryHostExtension]);

    /// <summary>The above and presentation to a window.</summary>
    /// <param name="surfaceExtensions">Instance extensions that the window names.</param>
    public static VulkanRequirements Presenting(IReadOnlyList<string> surfaceExtensions)
        => new(surfaceExtensions, [SwapchainExtension], [ExternalMemoryHostExtension]);
}
