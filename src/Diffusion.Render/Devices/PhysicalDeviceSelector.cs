using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The machine's devices as one set of requirements sees them.</summary>
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
        Devices = [.. _handles.Select((handle, index) => PhysicalDevices.Describe(instance.Api, handle, index) with
        {
            Missing = _requirements[index].Missing,
        })];
    }

    public IReadOnlyList<VulkanDeviceInfo> Devices { get; }

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
}
