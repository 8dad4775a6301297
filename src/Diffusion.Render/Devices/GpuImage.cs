using Diffusion.Render.Devices.Memory;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A two-dimensional image in device memory with a view of all its levels.</summary>
/// <remarks>Dispose retires image and view: they go once the device is done with what was submitted.</remarks>
internal sealed unsafe class GpuImage : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly OwnedHandles _owned;
    private bool _disposed;

    public GpuImage(VulkanDevice device, in GpuImageInfo info, string name)
    {
        _device = device;
        Info = info;
        bool mutable = info.StorageFormat != Format.Undefined;
        var create = new ImageCreateInfo
        {
            SType = StructureType.ImageCreateInfo,

            // Storage through a view of another format: an sRGB format itself cannot be stored to.
            Flags = mutable ? ImageCreateFlags.CreateMutableFormatBit | ImageCreateFlags.CreateExtendedUsageBit : 0,
            ImageType = ImageType.Type2D,
            Format = info.Format,
            Extent = new Extent3D(info.Extent.Width, info.Extent.Height, 1),
            MipLevels = info.MipLevels,
            ArrayLayers = 1,
            Samples = info.Samples,
            Tiling = ImageTiling.Optimal,
            Usage = info.Usage,
            SharingMode = SharingMode.Exclusive,
            InitialLayout = ImageLayout.Undefined,
        };
        Image handle;
        using var made = new Construction(device);
        device.Api.CreateImage(device.Handle, &create, device.Allocator, &handle).Check();
        Handle = made.Own(handle, name);
        MemoryRange memory = device.Memory.Allocate(
            made, MemoryRequest.Of(device, handle, name), MemoryPropertyFlags.DeviceLocalBit);
        device.Api.BindImageMemory(device.Handle, handle, memory.Memory, memory.Offset).Check();
        View = made.Own(CreateView(info.Format, info.MipLevels, info.Usage & ~ImageUsageFlags.StorageBit), name);
        if (mutable)
        {
            StorageView = made.Own(CreateView(info.StorageFormat, 1, ImageUsageFlags.StorageBit), $"{name} storage");
        }

        _owned = made.Complete();
    }

    public GpuImageInfo Info { get; }

    public Image Handle { get; }

    /// <summary>All levels, in the image's format.</summary>
    public ImageView View { get; }

    /// <summary>The first level in the storage format, or null.</summary>
    public ImageView StorageView { get; }

    public Extent2D Extent => Info.Extent;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _owned.Dispose();
        }
    }

    private ImageView CreateView(Format format, uint levels, ImageUsageFlags usage)
    {
        var usageInfo = new ImageViewUsageCreateInfo { SType = StructureType.ImageViewUsageCreateInfo, Usage = usage };
        var info = new ImageViewCreateInfo
        {
            SType = StructureType.ImageViewCreateInfo,
            PNext = &usageInfo,
            Image = Handle,
            ViewType = ImageViewType.Type2D,
            Format = format,
            SubresourceRange = new ImageSubresourceRange(Info.Aspect, 0, levels, 0, 1),
        };
        ImageView view;
        _device.Api.CreateImageView(_device.Handle, &info, _device.Allocator, &view).Check();
        return view;
    }
}
