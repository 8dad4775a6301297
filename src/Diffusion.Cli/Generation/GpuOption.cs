using System.CommandLine;

namespace Diffusion.Cli.Generation;

/// <summary>The option that names a Vulkan device, wherever a command makes one.</summary>
internal static class GpuOption
{
    /// <summary>Makes the option; its value goes to <see cref="Render.Devices.VulkanDeviceOptions.Device"/>.</summary>
    public static Option<string?> Create()
    {
        var option = new Option<string?>("--gpu")
        {
            Description = "Vulkan device by name, a part of it, or index. Default: a discrete GPU first, the CPU last.",
            HelpName = "NAME|INDEX",
        };
        OptionRules.RequireText(option);
        return option;
    }
}
