using System.Globalization;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Which of a machine's devices is taken.</summary>
internal static class DeviceChoice
{
    /// <summary>
    /// The device asked for, or the best one that serves: discrete, integrated, virtual, other, CPU; of equals the first.
    /// </summary>
    /// <remarks>A number is an index. Else the whole name counts before a part of one, so that a name which is part of
    /// another can be asked for; of several that match, the best is taken.</remarks>
    /// <param name="devices">The devices in the driver's order.</param>
    /// <param name="wanted">A name, a part of one (case ignored) or an index; null for the best.</param>
    /// <exception cref="VulkanException">None matches or serves; the message lists those that there are.</exception>
    public static VulkanDeviceInfo Choose(IReadOnlyList<VulkanDeviceInfo> devices, string? wanted)
    {
        if (devices.Count == 0)
        {
            throw new VulkanException("No Vulkan device: the loader is there, but no driver offers a device.");
        }

        VulkanDeviceInfo[] ranked = [.. devices.OrderBy(Rank)];
        if (wanted is null)
        {
            return ranked.FirstOrDefault(device => device.IsServed) ?? throw new VulkanException(
                $"No Vulkan device serves: {string.Join("; ", devices.Select(WhyNot))}.");
        }

        VulkanDeviceInfo found = Find(ranked, wanted.Trim()) ?? throw new VulkanException(
            $"No Vulkan device is named or numbered \"{wanted}\"; there are: " +
            $"{string.Join(", ", devices.Select(device => $"{device.Index}: {device.Name}"))}.");
        return found.IsServed ? found : throw new VulkanException($"{WhyNot(found)}.");
    }

    private static VulkanDeviceInfo? Find(VulkanDeviceInfo[] ranked, string wanted)
        => wanted.Length == 0 ? null
            : int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                ? ranked.FirstOrDefault(device => device.Index == index)
                : ranked.FirstOrDefault(device => device.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                    ?? ranked.FirstOrDefault(device => device.Name.Contains(wanted, StringComparison.OrdinalIgnoreCase));

    private static int Rank(VulkanDeviceInfo device) => device.Type switch
    {
        PhysicalDeviceType.DiscreteGpu => 0,
        PhysicalDeviceType.IntegratedGpu => 1,
        PhysicalDeviceType.VirtualGpu => 2,
        PhysicalDeviceType.Cpu => 4,
        _ => 3,
    };

    private static string WhyNot(VulkanDeviceInfo device)
        => $"{device.Name} lacks {string.Join(" and ", device.Missing)}";
}
