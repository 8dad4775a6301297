using Diffusion.Render.Devices;
using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>Presents frames to the window that the device was created with.</summary>
/// <remarks>Follows the window's size, sits out while it is minimised, and is disposed before the device.</remarks>
public sealed unsafe class SwapchainTarget : FrameTarget
{
    private readonly VulkanDevice _device;
    private readonly Func<Extent2D> _size;
    private readonly bool _verticalSync;
    private readonly SurfaceFormatKHR _surfaceFormat;
    private readonly Silk.NET.Vulkan.Semaphore[] _acquired =
        new Silk.NET.Vulkan.Semaphore[FrameRenderer.FramesInFlight];

    private readonly OwnedHandles _owned;
    private Swapchain? _swapchain;
    private uint _index;
    private bool _isStale;
    private bool _disposed;

    /// <summary>Creates a target for a window that knows its size.</summary>
    /// <param name="device">Created with this window.</param>
    /// <param name="window">The window.</param>
    /// <param name="verticalSync">Waits for the display; else shows frames at once where the driver can.</param>
    public SwapchainTarget(VulkanDevice device, Windowing.GlfwWindow window, bool verticalSync = true)
        : this(device, window, SizeOf(window), verticalSync)
    {
    }

    /// <summary>Creates a target for any window.</summary>
    /// <param name="device">Created with this window as <see cref="VulkanDeviceOptions.Window"/>.</param>
    /// <param name="window">The window, for example one of Silk.NET.Windowing.</param>
    /// <param name="size">Its framebuffer's size now; zero while minimised.</param>
    /// <param name="verticalSync">Waits for the display; else shows frames at once where the driver can.</param>
    /// <exception cref="VulkanException">The surface offers no 8-bit sRGB format.</exception>
    public SwapchainTarget(VulkanDevice device, IVkSurface window, Func<Extent2D> size, bool verticalSync = true)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(window);
        ArgumentNullException.ThrowIfNull(size);
        if (device.Surface.Handle == 0)
        {
            throw new ArgumentException(
                "The device was created without a window (VulkanDeviceOptions.Window) or is an engine's.",
                nameof(device));
        }

        _device = device;
        _size = size;
        _verticalSync = verticalSync;
        _surfaceFormat = Swapchain.FindFormat(device);
        var info = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo };
        using var made = new Construction(device);
        for (int i = 0; i < _acquired.Length; i++)
        {
            Silk.NET.Vulkan.Semaphore semaphore;
            device.Api.CreateSemaphore(device.Handle, &info, device.Allocator, &semaphore).Check();
            _acquired[i] = made.Own(semaphore, $"acquired {i}");
        }

        Recreate();
        _owned = made.Complete();
    }

    /// <inheritdoc/>
    public override Format Format => _surfaceFormat.Format;

    /// <inheritdoc/>
    public override Extent2D Extent => _swapchain?.Extent ?? default;

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;

        // Presentation has no timeline value to retire by; at the end waiting is right and simple.
        _device.WaitIdleUnlessLost();
        _swapchain?.Dispose();
        _swapchain = null;
        _owned.Close();
    }

    internal override bool TryAcquire(int slot, out Image image, out ImageView view)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        image = default;
        view = default;
        Extent2D size = _size();
        if (size.Width == 0 || size.Height == 0)
        {
            return false;
        }

        if (_isStale || _swapchain is null || size.Width != Extent.Width || size.Height != Extent.Height)
        {
            Recreate();
            if (_swapchain is null)
            {
                return false;
            }
        }

        uint index;
        Result result = _device.Functions.AcquireNextImage(
            _device.Handle, _swapchain.Handle, ulong.MaxValue, _acquired[slot], &index);
        if (result == Result.ErrorOutOfDateKhr)
        {
            _isStale = true;
            return false;
        }

        // Suboptimal still presents; the next frame gets a better swapchain.
        _isStale = result.Check("AcquireNextImageKHR") == Result.SuboptimalKhr;
        _index = index;
        image = _swapchain.Images[index];
        view = _swapchain.Views[index];
        return true;
    }

    internal override void RecordBegin(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Barriers.Transition(
            _device, frame.Commands, frame.Image,
            ImageUse.Discard(PipelineStageFlags2.ColorAttachmentOutputBit), ImageUse.ColourTarget);
    }

    internal override void RecordEnd(in Frame frame) => Barriers.Transition(
        _device, frame.Commands, frame.Image, ImageUse.ColourTarget, ImageUse.Presented);

    internal override Silk.NET.Vulkan.Semaphore WaitBefore(int slot) => _acquired[slot];

    internal override Silk.NET.Vulkan.Semaphore SignalAfter(int slot) => _swapchain!.Rendered[_index];

    internal override void Present(VulkanDevice device, in Frame frame)
    {
        SwapchainKHR swapchain = _swapchain!.Handle;
        Silk.NET.Vulkan.Semaphore rendered = _swapchain.Rendered[_index];
        uint index = _index;
        var info = new PresentInfoKHR
        {
            SType = StructureType.PresentInfoKhr,
            WaitSemaphoreCount = 1,
            PWaitSemaphores = &rendered,
            SwapchainCount = 1,
            PSwapchains = &swapchain,
            PImageIndices = &index,
        };
        Result result;
        using (device.LockQueue())
        {
            result = device.Functions.QueuePresent(device.Queue, &info);
        }

        if (result is Result.ErrorOutOfDateKhr or Result.SuboptimalKhr)
        {
            _isStale = true;
            return;
        }

        result.Check("QueuePresentKHR");
    }

    private static Func<Extent2D> SizeOf(Windowing.GlfwWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return () => new Extent2D((uint)window.Width, (uint)window.Height);
    }

    private void Recreate()
    {
        _device.WaitIdle();
        _swapchain?.Dispose();
        _swapchain = null; // should the next line throw
        _swapchain = Swapchain.TryCreate(_device, _surfaceFormat, _size(), _verticalSync);
        _isStale = false;
    }
}
