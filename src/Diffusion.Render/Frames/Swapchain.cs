using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>
/// The images of a surface at one size, each with a view and the semaphore that its presentation waits for.
/// </summary>
internal sealed unsafe class Swapchain : IDisposable
{
    private readonly OwnedHandles _owned;

    private Swapchain(VulkanDevice device, in SwapchainCreateInfoKHR info)
    {
        using var made = new Construction(device);
        SwapchainKHR handle;
        fixed (SwapchainCreateInfoKHR* first = &info)
        {
            device.Functions.CreateSwapchain(device.Handle, first, &handle).Check("CreateSwapchainKHR");
        }

        Handle = made.Own(handle, "swapchain");
        Extent = info.ImageExtent;
        uint count = 0;
        device.Functions.GetSwapchainImages(device.Handle, handle, &count, null).Check("GetSwapchainImagesKHR");
        Images = new Image[count];
        fixed (Image* first = Images)
        {
            device.Functions.GetSwapchainImages(device.Handle, handle, &count, first).Check("GetSwapchainImagesKHR");
        }

        Views = new ImageView[count];
        Rendered = new Silk.NET.Vulkan.Semaphore[count];
        for (int i = 0; i < (int)count; i++)
        {
            device.SetName(ObjectType.Image, Images[i].Handle, $"swapchain {i}");
            Views[i] = made.Own(CreateView(device, Images[i], info.ImageFormat), $"swapchain {i}");
            var semaphoreInfo = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo };
            Silk.NET.Vulkan.Semaphore semaphore;
            device.Api.CreateSemaphore(device.Handle, &semaphoreInfo, device.Allocator, &semaphore).Check();
            Rendered[i] = made.Own(semaphore, $"rendered {i}");
        }

        _owned = made.Complete();
    }

    public SwapchainKHR Handle { get; }

    public Extent2D Extent { get; }

    public Image[] Images { get; }

    public ImageView[] Views { get; }

    /// <summary>
    /// One for each image and not for each frame: a present may hold its semaphore until the image comes back.
    /// </summary>
    public Silk.NET.Vulkan.Semaphore[] Rendered { get; }

    /// <summary>The surface's 8-bit sRGB format.</summary>
    public static SurfaceFormatKHR FindFormat(VulkanDevice device)
    {
        uint count = 0;
        device.Functions.GetPhysicalDeviceSurfaceFormats(device.PhysicalDevice, device.Surface, &count, null)
            .Check("GetPhysicalDeviceSurfaceFormatsKHR");
        var formats = new SurfaceFormatKHR[count];
        fixed (SurfaceFormatKHR* first = formats)
        {
            device.Functions.GetPhysicalDeviceSurfaceFormats(device.PhysicalDevice, device.Surface, &count, first)
                .Check("GetPhysicalDeviceSurfaceFormatsKHR");
        }

        foreach (SurfaceFormatKHR format in formats)
        {
            if (format.Format is Format.B8G8R8A8Srgb or Format.R8G8B8A8Srgb
                && format.ColorSpace == ColorSpaceKHR.SpaceSrgbNonlinearKhr)
            {
                return format;
            }
        }

        throw new VulkanException("The window's surface offers no 8-bit sRGB format.");
    }

    /// <summary>Creates a swapchain, or returns null while the surface has no area.</summary>
    public static Swapchain? TryCreate(VulkanDevice device, SurfaceFormatKHR format, Extent2D size, bool verticalSync)
    {
        SurfaceCapabilitiesKHR limits;
        device.Functions.GetPhysicalDeviceSurfaceCapabilities(device.PhysicalDevice, device.Surface, &limits)
            .Check("GetPhysicalDeviceSurfaceCapabilitiesKHR");
        Extent2D extent = limits.CurrentExtent.Width != uint.MaxValue ? limits.CurrentExtent : new Extent2D(
            Math.Clamp(size.Width, limits.MinImageExtent.Width, limits.MaxImageExtent.Width),
            Math.Clamp(size.Height, limits.MinImageExtent.Height, limits.MaxImageExtent.Height));
        if (extent.Width == 0 || extent.Height == 0)
        {
            return null;
        }

        uint images = Math.Max(limits.MinImageCount, FrameRenderer.FramesInFlight + 1);
        var info = new SwapchainCreateInfoKHR
        {
            SType = StructureType.SwapchainCreateInfoKhr,
            Surface = device.Surface,
            MinImageCount = limits.MaxImageCount == 0 ? images : Math.Min(images, limits.MaxImageCount),
            ImageFormat = format.Format,
            ImageColorSpace = format.ColorSpace,
            ImageExtent = extent,
            ImageArrayLayers = 1,
            ImageUsage = ImageUsageFlags.ColorAttachmentBit,
            ImageSharingMode = SharingMode.Exclusive,
            PreTransform = limits.CurrentTransform,
            CompositeAlpha = limits.SupportedCompositeAlpha.HasFlag(CompositeAlphaFlagsKHR.OpaqueBitKhr)
                ? CompositeAlphaFlagsKHR.OpaqueBitKhr
                : CompositeAlphaFlagsKHR.InheritBitKhr,
            PresentMode = verticalSync ? PresentModeKHR.FifoKhr : FindUnsynchronised(device),
            Clipped = true,
        };
        return new Swapchain(device, info);
    }

    /// <summary>Destroys all; the device is idle.</summary>
    public void Dispose() => _owned.Close();

    private static PresentModeKHR FindUnsynchronised(VulkanDevice device)
    {
        uint count = 0;
        device.Functions.GetPhysicalDeviceSurfacePresentModes(device.PhysicalDevice, device.Surface, &count, null)
            .Check("GetPhysicalDeviceSurfacePresentModesKHR");
        var modes = new PresentModeKHR[count];
        fixed (PresentModeKHR* first = modes)
        {
            device.Functions.GetPhysicalDeviceSurfacePresentModes(device.PhysicalDevice, device.Surface, &count, first)
                .Check("GetPhysicalDeviceSurfacePresentModesKHR");
        }

        return modes.Contains(PresentModeKHR.MailboxKhr) ? PresentModeKHR.MailboxKhr
            : modes.Contains(PresentModeKHR.ImmediateKhr) ? PresentModeKHR.ImmediateKhr
            : PresentModeKHR.FifoKhr;
    }

    private static ImageView CreateView(VulkanDevice device, Image image, Format format)
    {
        var info = new ImageViewCreateInfo
        {
            SType = StructureType.ImageViewCreateInfo,
            Image = image,
            ViewType = ImageViewType.Type2D,
            Format = format,
            SubresourceRange = new ImageSubresourceRange(ImageAspectFlags.ColorBit, 0, 1, 0, 1),
        };
        ImageView view;
        device.Api.CreateImageView(device.Handle, &info, device.Allocator, &view).Check();
        return view;
    }
}
