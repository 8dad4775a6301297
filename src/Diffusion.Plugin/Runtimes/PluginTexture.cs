using Diffusion.Plugin.Abi;
using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;

namespace Diffusion.Plugin.Runtimes;

/// <summary>A texture of a runtime and, once the host asked for them, its images.</summary>
internal sealed class PluginTexture(TextureHandle handle)
{
    public TextureHandle Handle { get; } = handle;

    /// <summary>Whether it is a surface's, which lends it: the host may look at it, and no more.</summary>
    public bool IsOfTile { get; init; }

    /// <summary>Of a tile's texture, the host's handle.</summary>
    public ulong Name { get; set; }

    /// <summary>Older images are of the tile that had the texture before.</summary>
    public ulong FirstGeneration { get; set; } = 1;

    public DisplayMode Display { get; private set; }

    /// <summary>How long a change of what is shown takes to come in.</summary>
    public TimeSpan Fade { get; private set; }

    /// <summary>Null until the host asks for the latest image: hosts that only read pixels pay nothing.</summary>
    public SharedTexture? Shared { get; private set; }

    public ImageLoans? Loans { get; private set; }

    /// <summary>Whether the device still reads an image for the host.</summary>
    public bool HasReaders => Loans is { HasReaders: true };

    public void Share(VulkanDevice device, SharedTexture texture)
    {
        Shared = texture;
        Loans = new ImageLoans(device, texture);
        Show(Display, Fade);
    }

    public void Show(DisplayMode display, TimeSpan fade)
    {
        (Display, Fade) = (display, fade);
        if (Shared is not null)
        {
            Shared.Display = display == DisplayMode.Denoised ? SampleView.Denoised : SampleView.Sample;
            Shared.Fade = fade;
        }
    }
}
