using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>What an instance can be asked about its physical devices.</summary>
internal static unsafe class PhysicalDevices
{
    public static PhysicalDevice[] Enumerate(Vk api, Instance instance)
    {
        uint count = 0;
        api.EnumeratePhysicalDevices(instance, &count, null).Check();
        var handles = new PhysicalDevice[count];
        if (count > 0)
        {
            fixed (PhysicalDevice* first = handles)
            {
                api.EnumeratePhysicalDevices(instance, &count, first).Check();
            }
        }

        return handles;
    }

    public static VulkanDeviceInfo Describe(Vk api, PhysicalDevice handle, int index)
    {
        PhysicalDeviceProperties properties;
        api.GetPhysicalDeviceProperties(handle, &properties);
        uint version = properties.ApiVersion;
        return new VulkanDeviceInfo(
            index,
            Marshal.PtrToStringUTF8((nint)properties.DeviceName) ?? "unnamed",
            properties.DeviceType,
            new Version((int)(version >> 22) & 0x7F, (int)(version >> 12) & 0x3FF))
        {
            Driver = version >= Vk.Version12 ? Driver(api, handle) : "",
        };
    }

    public static HashSet<string> Extensions(Vk api, PhysicalDevice handle)
    {
        uint count = 0;
        api.EnumerateDeviceExtensionProperties(handle, (byte*)null, &count, null).Check();
        var extensions = new ExtensionProperties[count];
        var names = new HashSet<string>(StringComparer.Ordinal);
        fixed (ExtensionProperties* first = extensions)
        {
            api.EnumerateDeviceExtensionProperties(handle, (byte*)null, &count, first).Check();
            for (uint i = 0; i < count; i++)
            {
                names.Add(Marshal.PtrToStringUTF8((nint)first[i].ExtensionName)!);
            }
        }

        return names;
    }

    public static QueueFamilyProperties[] QueueFamilies(Vk api, PhysicalDevice handle)
    {
        uint count = 0;
        api.GetPhysicalDeviceQueueFamilyProperties(handle, &count, null);
        var families = new QueueFamilyProperties[count];
        fixed (QueueFamilyProperties* first = families)
        {
            api.GetPhysicalDeviceQueueFamilyProperties(handle, &count, first);
        }

        return families;
    }

    /// <summary>The features offered; the device has Vulkan 1.3.</summary>
    public static VulkanFeatures Features(Vk api, PhysicalDevice handle, IEnumerable<string> extensions)
    {
        FeatureChain chain = default;
        api.GetPhysicalDeviceFeatures2(handle, FeatureChain.Link(&chain, extensions));
        return chain.Read();
    }

    /// <summary>The memory heaps, with the driver's budget where it tells.</summary>
    public static MemoryHeapUse[] Heaps(Vk api, PhysicalDevice handle)
    {
        // A query of the physical device: the extension has to be there, and need not be enabled.
        bool tells = Extensions(api, handle).Contains("VK_EXT_memory_budget");
        var budget = new PhysicalDeviceMemoryBudgetPropertiesEXT
        {
            SType = StructureType.PhysicalDeviceMemoryBudgetPropertiesExt,
        };
        var properties = new PhysicalDeviceMemoryProperties2
        {
            SType = StructureType.PhysicalDeviceMemoryProperties2,
            PNext = tells ? &budget : null,
        };
        api.GetPhysicalDeviceMemoryProperties2(handle, &properties);
        var heaps = new MemoryHeapUse[properties.MemoryProperties.MemoryHeapCount];
        for (int i = 0; i < heaps.Length; i++)
        {
            MemoryHeap heap = properties.MemoryProperties.MemoryHeaps[i];
            heaps[i] = new MemoryHeapUse(
                heap.Flags.HasFlag(MemoryHeapFlags.DeviceLocalBit), (long)heap.Size,
                tells ? (long)budget.HeapBudget[i] : null, tells ? (long)budget.HeapUsage[i] : null);
        }

        return heaps;
    }

    private static string Driver(Vk api, PhysicalDevice handle)
    {
        var driver = new PhysicalDeviceDriverProperties { SType = StructureType.PhysicalDeviceDriverProperties };
        var properties = new PhysicalDeviceProperties2
        {
            SType = StructureType.PhysicalDeviceProperties2,
            PNext = &driver,
        };
        api.GetPhysicalDeviceProperties2(handle, &properties);
        return $"{Marshal.PtrToStringUTF8((nint)driver.DriverName)} {Marshal.PtrToStringUTF8((nint)driver.DriverInfo)}";
    }
}
