using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>
/// The few extension functions in use, loaded by name: Silk.NET's extension packages are not needed for them.
/// </summary>
/// <remarks>Named as Silk names them. A pointer stays null when its extension was not enabled.</remarks>
internal sealed unsafe class ExtensionFunctions
{
    private readonly delegate* unmanaged<Instance, DebugUtilsMessengerCreateInfoEXT*, AllocationCallbacks*,
        DebugUtilsMessengerEXT*, Result> _createMessenger;

    private readonly delegate* unmanaged<Instance, DebugUtilsMessengerEXT, AllocationCallbacks*, void>
        _destroyMessenger;

    private readonly delegate* unmanaged<Device, DebugUtilsObjectNameInfoEXT*, Result> _setObjectName;
    private readonly delegate* unmanaged<CommandBuffer, DebugUtilsLabelEXT*, void> _beginLabel;
    private readonly delegate* unmanaged<CommandBuffer, void> _endLabel;
    private readonly delegate* unmanaged<Instance, SurfaceKHR, AllocationCallbacks*, void> _destroySurface;
    private readonly delegate* unmanaged<PhysicalDevice, uint, SurfaceKHR, uint*, Result> _getSurfaceSupport;
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, SurfaceCapabilitiesKHR*, Result> _getCapabilities;
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, SurfaceFormatKHR*, Result> _getFormats;
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, PresentModeKHR*, Result> _getPresentModes;
    private readonly delegate* unmanaged<PhysicalDevice, uint*, CooperativeMatrixPropertiesKHR*, Result>
        _getMatrixProperties;

    private delegate* unmanaged<Device, SwapchainCreateInfoKHR*, AllocationCallbacks*, SwapchainKHR*, Result>
        _createSwapchain;

    private delegate* unmanaged<Device, SwapchainKHR, AllocationCallbacks*, void> _destroySwapchain;
    private delegate* unmanaged<Device, SwapchainKHR, uint*, Image*, Result> _getSwapchainImages;
    private delegate* unmanaged<Device, SwapchainKHR, ulong, Silk.NET.Vulkan.Semaphore, Fence, uint*, Result>
        _acquireNextImage;

    private delegate* unmanaged<Queue, PresentInfoKHR*, Result> _queuePresent;
    private delegate* unmanaged<Device, ExternalMemoryHandleTypeFlags, void*, MemoryHostPointerPropertiesEXT*, Result>
        _getHostPointerProperties;

    private delegate* unmanaged<Device, void*, nint*, Result> _getMemoryHandle;
    private delegate* unmanaged<Device, void*, nint*, Result> _getSemaphoreHandle;

    public ExtensionFunctions(Vk api, Instance instance)
    {
        nint Load(string name) => (nint)api.GetInstanceProcAddr(instance, name).Handle;

        _createMessenger = (delegate* unmanaged<Instance, DebugUtilsMessengerCreateInfoEXT*, AllocationCallbacks*,
            DebugUtilsMessengerEXT*, Result>)Load("vkCreateDebugUtilsMessengerEXT");
        _destroyMessenger = (delegate* unmanaged<Instance, DebugUtilsMessengerEXT, AllocationCallbacks*, void>)
            Load("vkDestroyDebugUtilsMessengerEXT");
        _setObjectName = (delegate* unmanaged<Device, DebugUtilsObjectNameInfoEXT*, Result>)
            Load("vkSetDebugUtilsObjectNameEXT");
        _beginLabel = (delegate* unmanaged<CommandBuffer, DebugUtilsLabelEXT*, void>)
            Load("vkCmdBeginDebugUtilsLabelEXT");
        _endLabel = (delegate* unmanaged<CommandBuffer, void>)Load("vkCmdEndDebugUtilsLabelEXT");
        _destroySurface = (delegate* unmanaged<Instance, SurfaceKHR, AllocationCallbacks*, void>)
            Load("vkDestroySurfaceKHR");
        _getSurfaceSupport = (delegate* unmanaged<PhysicalDevice, uint, SurfaceKHR, uint*, Result>)
            Load("vkGetPhysicalDeviceSurfaceSupportKHR");
        _getCapabilities = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, SurfaceCapabilitiesKHR*, Result>)
            Load("vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
        _getFormats = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, SurfaceFormatKHR*, Result>)
            Load("vkGetPhysicalDeviceSurfaceFormatsKHR");
        _getPresentModes = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, PresentModeKHR*, Result>)
            Load("vkGetPhysicalDeviceSurfacePresentModesKHR");
        _getMatrixProperties = (delegate* unmanaged<PhysicalDevice, uint*, CooperativeMatrixPropertiesKHR*, Result>)
            Load("vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    }

    public void LoadDevice(Vk api, Device device)
    {
        nint Load(string name) => (nint)api.GetDeviceProcAddr(device, name).Handle;

        _createSwapchain = (delegate* unmanaged<Device, SwapchainCreateInfoKHR*, AllocationCallbacks*, SwapchainKHR*,
            Result>)Load("vkCreateSwapchainKHR");
        _destroySwapchain = (delegate* unmanaged<Device, SwapchainKHR, AllocationCallbacks*, void>)
            Load("vkDestroySwapchainKHR");
        _getSwapchainImages = (delegate* unmanaged<Device, SwapchainKHR, uint*, Image*, Result>)
            Load("vkGetSwapchainImagesKHR");
        _acquireNextImage = (delegate* unmanaged<Device, SwapchainKHR, ulong, Silk.NET.Vulkan.Semaphore, Fence, uint*,
            Result>)Load("vkAcquireNextImageKHR");
        _queuePresent = (delegate* unmanaged<Queue, PresentInfoKHR*, Result>)Load("vkQueuePresentKHR");
        _getHostPointerProperties = (delegate* unmanaged<Device, ExternalMemoryHandleTypeFlags, void*,
            MemoryHostPointerPropertiesEXT*, Result>)Load("vkGetMemoryHostPointerPropertiesEXT");
        bool isWindows = OperatingSystem.IsWindows();
        _getMemoryHandle = (delegate* unmanaged<Device, void*, nint*, Result>)
            Load(isWindows ? "vkGetMemoryWin32HandleKHR" : "vkGetMemoryFdKHR");
        _getSemaphoreHandle = (delegate* unmanaged<Device, void*, nint*, Result>)
            Load(isWindows ? "vkGetSemaphoreWin32HandleKHR" : "vkGetSemaphoreFdKHR");
    }

    public Result CreateDebugUtilsMessenger(
        Instance instance, DebugUtilsMessengerCreateInfoEXT* info, DebugUtilsMessengerEXT* messenger)
        => _createMessenger(instance, info, null, messenger);

    public void DestroyDebugUtilsMessenger(Instance instance, DebugUtilsMessengerEXT messenger)
        => _destroyMessenger(instance, messenger, null);

    public void SetDebugUtilsObjectName(Device device, DebugUtilsObjectNameInfoEXT* info)
    {
        if (_setObjectName is not null)
        {
            _setObjectName(device, info).Check("SetDebugUtilsObjectName");
        }
    }

    public void CmdBeginDebugUtilsLabel(CommandBuffer commands, DebugUtilsLabelEXT* label)
    {
        if (_beginLabel is not null)
        {
            _beginLabel(commands, label);
        }
    }

    public void CmdEndDebugUtilsLabel(CommandBuffer commands)
    {
        if (_endLabel is not null)
        {
            _endLabel(commands);
        }
    }

    public void DestroySurface(Instance instance, SurfaceKHR surface) => _destroySurface(instance, surface, null);

    public bool GetPhysicalDeviceSurfaceSupport(PhysicalDevice device, uint family, SurfaceKHR surface)
    {
        uint supported;
        _getSurfaceSupport(device, family, surface, &supported).Check("GetPhysicalDeviceSurfaceSupportKHR");
        return supported != 0;
    }

    public Result GetPhysicalDeviceSurfaceCapabilities(
        PhysicalDevice device, SurfaceKHR surface, SurfaceCapabilitiesKHR* capabilities)
        => _getCapabilities(device, surface, capabilities);

    public Result GetPhysicalDeviceSurfaceFormats(
        PhysicalDevice device, SurfaceKHR surface, uint* count, SurfaceFormatKHR* formats)
        => _getFormats(device, surface, count, formats);

    public Result GetPhysicalDeviceSurfacePresentModes(
        PhysicalDevice device, SurfaceKHR surface, uint* count, PresentModeKHR* modes)
        => _getPresentModes(device, surface, count, modes);

    public Result GetCooperativeMatrixProperties(
        PhysicalDevice device, uint* count, CooperativeMatrixPropertiesKHR* kinds)
        => _getMatrixProperties(device, count, kinds);

    public Result CreateSwapchain(Device device, SwapchainCreateInfoKHR* info, SwapchainKHR* swapchain)
        => _createSwapchain(device, info, null, swapchain);

    public void DestroySwapchain(Device device, SwapchainKHR swapchain) => _destroySwapchain(device, swapchain, null);

    public Result GetSwapchainImages(Device device, SwapchainKHR swapchain, uint* count, Image* images)
        => _getSwapchainImages(device, swapchain, count, images);

    public Result AcquireNextImage(
        Device device, SwapchainKHR swapchain, ulong timeout, Silk.NET.Vulkan.Semaphore semaphore, uint* index)
        => _acquireNextImage(device, swapchain, timeout, semaphore, default, index);

    public Result QueuePresent(Queue queue, PresentInfoKHR* info) => _queuePresent(queue, info);

    public Result GetMemoryHostPointerProperties(
        Device device, void* pointer, MemoryHostPointerPropertiesEXT* properties)
        => _getHostPointerProperties(
            device, ExternalMemoryHandleTypeFlags.HostAllocationBitExt, pointer, properties);

    /// <summary>vkGetMemoryFdKHR, on Windows vkGetMemoryWin32HandleKHR.</summary>
    /// <param name="device">The device.</param>
    /// <param name="info">The structure that the function takes.</param>
    /// <param name="handle">Starts as 0: a descriptor fills its lower half only.</param>
    public Result GetMemoryHandle(Device device, void* info, nint* handle) => _getMemoryHandle(device, info, handle);

    /// <summary>As <see cref="GetMemoryHandle"/>, of a semaphore.</summary>
    public Result GetSemaphoreHandle(Device device, void* info, nint* handle)
        => _getSemaphoreHandle(device, info, handle);
}
