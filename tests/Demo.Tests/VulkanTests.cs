using Diffusion.Render.Devices;

namespace Diffusion.Demo.Tests;

/// <summary>Skips, and never passes, what needs a Vulkan device and its validation layer.</summary>
internal static class VulkanTests
{
    private static readonly Lazy<string?> _whyNot = new(() =>
    {
        try
        {
            VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true }).Dispose();
            return null;
        }
        catch (VulkanException error)
        {
            return error.Message;
        }
    });

    public static void SkipWithoutDevice() => Skip.If(_whyNot.Value is not null, _whyNot.Value);
}
