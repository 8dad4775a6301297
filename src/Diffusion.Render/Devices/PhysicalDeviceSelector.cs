using System.Globalization;
using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Lists the machine's devices and picks one.</summary>
internal sealed unsafe class PhysicalDeviceSelector
{
    private readonly VulkanInstance _instance;
    private readonly PhysicalDevice[] _handles;

    public PhysicalDeviceSelector(VulkanInstance instance)
    {
        _instance = instance;
        uint count = 0;
        instance.Api.EnumeratePhysicalDevices(instance.Handle, &count, null).Check();
        _handles = new PhysicalDevice[count];
        if (count > 0)
        {
            fixed (PhysicalDevice* first = _handles)
            {
                instance.Api.EnumeratePhysicalDevices(instance.Handle, &count, first).Check();
            }
        }

        Devices = [.. _handles.Select(Describe)];
    }

    public IReadOnlyList<VulkanDeviceInfo> Devices { get; }

    /// <summary>
    /// The device asked for, or the best one: discrete, integrated, virtual, CPU; of equals the first.
    /// </summary>
    public VulkanDeviceInfo Select(string? wanted)
    {
        if (Devices.Count == 0)
        {
            throw new VulkanException("No Vulkan device: the loader is there, but no driver offers a device.");
        }

        if (wanted is null)
        {
            return Devices.Where(IsServed).OrderBy(Rank).FirstOrDefault() ?? throw new VulkanException(
                $"No device offers Vulkan {VulkanRequirements.VersionMajor}.{VulkanRequirements.VersionMinor}; " +
                $"there are: {Names()}.");
        }

        VulkanDeviceInfo? found = int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? Devices.FirstOrDefault(device => device.Index == index)
            : Devices.FirstOrDefault(device => device.Name.Contains(wanted, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            throw new VulkanException($"No Vulkan device is named or numbered \"{wanted}\"; there are: {Names()}.");
        }

        return IsServed(found) ? found : throw new VulkanException(
            $"{found.Name} offers Vulkan {found.Version}, below the {VulkanRequirements.VersionMajor}." +
            $"{VulkanRequirements.VersionMinor} that is needed.");
    }

    public PhysicalDevice Handle(VulkanDeviceInfo device) => _handles[device.Index];

    /// <summary>
    /// The first queue family with graphics and compute, and with presentation when there is a surface.
    /// </summary>
    public uint FindQueueFamily(VulkanDeviceInfo device, SurfaceKHR surface)
    {
        const QueueFlags Needed = QueueFlags.GraphicsBit | QueueFlags.ComputeBit;
        PhysicalDevice handle = Handle(device);
        uint count = 0;
        _instance.Api.GetPhysicalDeviceQueueFamilyProperties(handle, &count, null);
        var families = new QueueFamilyProperties[count];
        fixed (QueueFamilyProperties* first = families)
        {
            _instance.Api.GetPhysicalDeviceQueueFamilyProperties(handle, &count, first);
        }

        for (uint family = 0; family < count; family++)
        {
            bool presents = surface.Handle == 0
                || _instance.Functions.GetPhysicalDeviceSurfaceSupport(handle, family, surface);
            if ((families[family].QueueFlags & Needed) == Needed && presents)
            {
                return family;
            }
        }

        throw new VulkanException(surface.Handle == 0
            ? $"{device.Name} has no queue for graphics and compute."
            : $"{device.Name} has no queue for graphics, compute and presenting to this window.");
    }

    public bool HasExtension(VulkanDeviceInfo device, string name)
    {
        PhysicalDevice handle = Handle(device);
        uint count = 0;
        _instance.Api.EnumerateDeviceExtensionProperties(handle, (byte*)null, &count, null).Check();
        var extensions = new ExtensionProperties[count];
        fixed (ExtensionProperties* first = extensions)
        {
            _instance.Api.EnumerateDeviceExtensionProperties(handle, (byte*)null, &count, first).Check();
            for (uint i = 0; i < count; i++)
            {
                if (Marshal.PtrToStringUTF8((nint)first[i].ExtensionName) == name)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsServed(VulkanDeviceInfo device)
        => device.Version >= new Version(VulkanRequirements.VersionMajor, VulkanRequirements.VersionMinor);

    private static int Rank(VulkanDeviceInfo device) => device.Type switch
    {
        PhysicalDeviceType.DiscreteGpu => 0,
        PhysicalDeviceType.IntegratedGpu => 1,
        PhysicalDeviceType.VirtualGpu => 2,
        PhysicalDeviceType.Cpu => 4,
        _ => 3,
    };

    private string Names() => string.Join(", ", Devices.Select(device => $"{device.Index}: {device.Name}"));

    private VulkanDeviceInfo Describe(PhysicalDevice handle, int index)
    {
        PhysicalDeviceProperties properties;
        _instance.Api.GetPhysicalDeviceProperties(handle, &properties);
        uint version = properties.ApiVersion;
        return new VulkanDeviceInfo(
            index,
            Marshal.PtrToStringUTF8((nint)properties.DeviceName) ?? "unnamed",
            properties.DeviceType,
            new Version((int)(version >> 22) & 0x7F, (int)(version >> 12) & 0x3FF));
    }
}
