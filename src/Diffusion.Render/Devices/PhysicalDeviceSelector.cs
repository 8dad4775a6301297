using System.Globalization;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Lists the machine's devices and picks one.</summary>
internal sealed class PhysicalDeviceSelector
{
    private readonly VulkanInstance _instance;
    private readonly PhysicalDevice[] _handles;
    private readonly VulkanDeviceRequirements[] _requirements;

    public PhysicalDeviceSelector(VulkanInstance instance, VulkanRequirements requirements)
    {
        _instance = instance;
        _handles = PhysicalDevices.Enumerate(instance.Api, instance.Handle);
        _requirements = [.. _handles.Select(handle => requirements.Evaluate(instance.Api, handle))];
        Devices = [.. _handles.Select((handle, index) => PhysicalDevices.Describe(instance.Api, handle, index))];
    }

    public IReadOnlyList<VulkanDeviceInfo> Devices { get; }

    /// <summary>
    /// The device asked for, or the best one: discrete, integrated, virtual, CPU; of equals the first.
    /// </summary>
    /// <remarks>A number is an index; else the whole name counts before a part of one, so that a name which is part of
    /// another can be asked for.</remarks>
    public VulkanDeviceInfo Select(string? wanted)
    {
        if (Devices.Count == 0)
        {
            throw new VulkanException("No Vulkan device: the loader is there, but no driver offers a device.");
        }

        VulkanDeviceInfo[] ranked = [.. Devices.OrderBy(Rank)];
        if (wanted is null)
        {
            return ranked.FirstOrDefault(device => Requirements(device).IsServed) ?? throw new VulkanException(
                $"No Vulkan device serves; {string.Join("; ", Devices.Select(WhyNot))}.");
        }

        VulkanDeviceInfo? found = int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? Devices.FirstOrDefault(device => device.Index == index)
            : ranked.FirstOrDefault(device => device.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                ?? ranked.FirstOrDefault(device => device.Name.Contains(wanted, StringComparison.OrdinalIgnoreCase));
        if (found is null || wanted.Length == 0)
        {
            throw new VulkanException($"No Vulkan device is named or numbered \"{wanted}\"; there are: {Names()}.");
        }

        return Requirements(found).IsServed ? found : throw new VulkanException($"{WhyNot(found)}.");
    }

    public PhysicalDevice Handle(VulkanDeviceInfo device) => _handles[device.Index];

    public VulkanDeviceRequirements Requirements(VulkanDeviceInfo device) => _requirements[device.Index];

    /// <summary>
    /// The first queue family with graphics and compute, and with presentation when there is a surface.
    /// </summary>
    public uint FindQueueFamily(VulkanDeviceInfo device, SurfaceKHR surface)
    {
        foreach (uint family in Requirements(device).QueueFamilies)
        {
            if (surface.Handle == 0
                || _instance.Functions.GetPhysicalDeviceSurfaceSupport(Handle(device), family, surface))
            {
                return family;
            }
        }

        throw new VulkanException($"{device.Name} has no queue for graphics, compute and presenting to this window.");
    }

    private static int Rank(VulkanDeviceInfo device) => device.Type switch
    {
        PhysicalDeviceType.DiscreteGpu => 0,
        PhysicalDeviceType.IntegratedGpu => 1,
        PhysicalDeviceType.VirtualGpu => 2,
        PhysicalDeviceType.Cpu => 4,
        _ => 3,
    };

    private string Names() => string.Join(", ", Devices.Select(device => $"{device.Index}: {device.Name}"));

    private string WhyNot(VulkanDeviceInfo device)
        => $"{device.Name} lacks {string.Join(" and ", Requirements(device).Missing)}";
}
