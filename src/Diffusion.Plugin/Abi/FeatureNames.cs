using Diffusion.Render.Devices;

namespace Diffusion.Plugin.Abi;

/// <summary>Features by the names that Vulkan's structures give them: ours with a small first letter.</summary>
internal static class FeatureNames
{
    /// <summary>The features of the given names; names that are unknown here do not matter.</summary>
    public static VulkanFeatures Parse(IEnumerable<string> names)
    {
        var features = VulkanFeatures.None;
        foreach (string name in names)
        {
            foreach (VulkanFeatures feature in Enum.GetValues<VulkanFeatures>())
            {
                if (feature != VulkanFeatures.None && Name(feature) == name)
                {
                    features |= feature;
                }
            }
        }

        return features;
    }

    /// <summary>The names of the given features.</summary>
    public static string[] Of(VulkanFeatures features) =>
    [
        .. Enum.GetValues<VulkanFeatures>()
            .Where(feature => feature != VulkanFeatures.None && features.HasFlag(feature)).Select(Name),
    ];

    private static string Name(VulkanFeatures feature)
    {
        string name = feature.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
