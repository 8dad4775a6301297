using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Abi;

/// <summary>The requirements as lists of C texts, made once and never freed.</summary>
internal static unsafe class RequirementLists
{
    private static readonly Lazy<nint> _value = new(static () => (nint)Create());

    public static ref readonly NativeVulkanRequirements Value => ref *(NativeVulkanRequirements*)_value.Value;

    private static NativeVulkanRequirements* Create()
    {
        VulkanRequirements needs = VulkanRequirements.Headless;
        string[] features = FeatureNames.Of(needs.Features);
        string[] optional = FeatureNames.Of(needs.OptionalFeatures);
        var value = (NativeVulkanRequirements*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(
            (nuint)sizeof(NativeVulkanRequirements));
        value->ApiVersion = Vk.MakeVersion(VulkanRequirements.VersionMajor, VulkanRequirements.VersionMinor);
        value->QueueFlags = (uint)VulkanRequirements.Queue;
        value->InstanceExtensionCount = (uint)needs.InstanceExtensions.Count;
        value->OptionalInstanceExtensionCount = (uint)needs.OptionalInstanceExtensions.Count;
        value->DeviceExtensionCount = (uint)needs.DeviceExtensions.Count;
        value->OptionalDeviceExtensionCount = (uint)needs.OptionalDeviceExtensions.Count;
        value->FeatureCount = (uint)features.Length;
        value->OptionalFeatureCount = (uint)optional.Length;
        value->InstanceExtensions = Utf8Text.Immortal(needs.InstanceExtensions);
        value->OptionalInstanceExtensions = Utf8Text.Immortal(needs.OptionalInstanceExtensions);
        value->DeviceExtensions = Utf8Text.Immortal(needs.DeviceExtensions);
        value->OptionalDeviceExtensions = Utf8Text.Immortal(needs.OptionalDeviceExtensions);
        value->Features = Utf8Text.Immortal(features);
        value->OptionalFeatures = Utf8Text.Immortal(optional);
        return value;
    }
}
