using Microsoft.Win32.SafeHandles;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Opaque handles by which another API on the same device imports memory and timelines.</summary>
/// <remarks>File descriptors, on Windows NT handles; each is the caller's to close.</remarks>
internal static unsafe class ExternalHandles
{
    /// <summary>What memory is exported as.</summary>
    public static ExternalMemoryHandleTypeFlags Memory { get; } = OperatingSystem.IsWindows()
        ? ExternalMemoryHandleTypeFlags.OpaqueWin32Bit
        : ExternalMemoryHandleTypeFlags.OpaqueFDBit;

    /// <summary>What timelines are exported as.</summary>
    public static ExternalSemaphoreHandleTypeFlags Timeline { get; } = OperatingSystem.IsWindows()
        ? ExternalSemaphoreHandleTypeFlags.OpaqueWin32Bit
        : ExternalSemaphoreHandleTypeFlags.OpaqueFDBit;

    /// <summary>Why memory of storage buffers cannot be exported on a device, or null when it can.</summary>
    /// <param name="device">Has its physical device.</param>
    /// <param name="offered">Device extensions that the device has.</param>
    /// <param name="enabled">Those that are enabled.</param>
    public static string? WhyNoMemory(VulkanDevice device, IReadOnlyList<string> offered, IReadOnlyList<string> enabled)
    {
        var info = new PhysicalDeviceExternalBufferInfo
        {
            SType = StructureType.PhysicalDeviceExternalBufferInfo,
            Usage = BufferUsageFlags.StorageBufferBit,
            HandleType = Memory,
        };
        var properties = new ExternalBufferProperties { SType = StructureType.ExternalBufferProperties };
        device.Api.GetPhysicalDeviceExternalBufferProperties(device.PhysicalDevice, &info, &properties);
        return WhyNotEnabled(VulkanRequirements.ExternalMemoryExtension, offered, enabled)
            ?? (properties.ExternalMemoryProperties.ExternalMemoryFeatures.HasFlag(
                ExternalMemoryFeatureFlags.ExportableBit)
                ? null
                : "the device exports no memory of buffers");
    }

    /// <summary>Why timeline semaphores cannot be exported on a device, or null when they can.</summary>
    /// <param name="device">Has its physical device.</param>
    /// <param name="offered">Device extensions that the device has.</param>
    /// <param name="enabled">Those that are enabled.</param>
    public static string? WhyNoTimeline(
        VulkanDevice device, IReadOnlyList<string> offered, IReadOnlyList<string> enabled)
    {
        var type = new SemaphoreTypeCreateInfo
        {
            SType = StructureType.SemaphoreTypeCreateInfo,
            SemaphoreType = SemaphoreType.Timeline,
        };
        var info = new PhysicalDeviceExternalSemaphoreInfo
        {
            SType = StructureType.PhysicalDeviceExternalSemaphoreInfo,
            PNext = &type,
            HandleType = Timeline,
        };
        var properties = new ExternalSemaphoreProperties { SType = StructureType.ExternalSemaphoreProperties };
        device.Api.GetPhysicalDeviceExternalSemaphoreProperties(device.PhysicalDevice, &info, &properties);
        return WhyNotEnabled(VulkanRequirements.ExternalSemaphoreExtension, offered, enabled)
            ?? (properties.ExternalSemaphoreFeatures.HasFlag(ExternalSemaphoreFeatureFlags.ExportableBit)
                ? null
                : "the device exports no timeline semaphores");
    }

    /// <summary>Exports memory that was allocated for that.</summary>
    public static SafeFileHandle Export(VulkanDevice device, DeviceMemory memory)
    {
        nint handle = 0;
        if (OperatingSystem.IsWindows())
        {
            var info = new MemoryGetWin32HandleInfoKHR
            {
                SType = StructureType.MemoryGetWin32HandleInfoKhr,
                Memory = memory,
                HandleType = Memory,
            };
            device.Functions.GetMemoryHandle(device.Handle, &info, &handle).Check("GetMemoryWin32HandleKHR");
        }
        else
        {
            var info = new MemoryGetFdInfoKHR
            {
                SType = StructureType.MemoryGetFDInfoKhr,
                Memory = memory,
                HandleType = Memory,
            };
            device.Functions.GetMemoryHandle(device.Handle, &info, &handle).Check("GetMemoryFdKHR");
        }

        return new SafeFileHandle(handle, ownsHandle: true);
    }

    /// <summary>Exports a semaphore that was created for that.</summary>
    public static SafeFileHandle Export(VulkanDevice device, Silk.NET.Vulkan.Semaphore semaphore)
    {
        nint handle = 0;
        if (OperatingSystem.IsWindows())
        {
            var info = new SemaphoreGetWin32HandleInfoKHR
            {
                SType = StructureType.SemaphoreGetWin32HandleInfoKhr,
                Semaphore = semaphore,
                HandleType = Timeline,
            };
            device.Functions.GetSemaphoreHandle(device.Handle, &info, &handle).Check("GetSemaphoreWin32HandleKHR");
        }
        else
        {
            var info = new SemaphoreGetFdInfoKHR
            {
                SType = StructureType.SemaphoreGetFDInfoKhr,
                Semaphore = semaphore,
                HandleType = Timeline,
            };
            device.Functions.GetSemaphoreHandle(device.Handle, &info, &handle).Check("GetSemaphoreFdKHR");
        }

        return new SafeFileHandle(handle, ownsHandle: true);
    }

    private static string? WhyNotEnabled(
        string extension, IReadOnlyList<string> offered, IReadOnlyList<string> enabled)
        => !offered.Contains(extension) ? $"the device lacks {extension}"
            : !enabled.Contains(extension) ? $"the engine did not enable {extension}"
            : null;
}
