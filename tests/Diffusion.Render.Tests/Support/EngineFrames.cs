using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>
/// An engine's own frames: they read a shared texture, two in flight, counted on the engine's timeline semaphore.
/// </summary>
internal sealed unsafe class EngineFrames : IDisposable
{
    private const int InFlight = 2;

    private readonly EngineHost _host;
    private readonly VulkanDevice _device;
    private readonly CommandPool _pool;
    private readonly CommandBuffer[] _commands = new CommandBuffer[InFlight];
    private readonly GpuBuffer[] _pixels = new GpuBuffer[InFlight];
    private readonly SharedImage[] _shown = new SharedImage[InFlight];
    private readonly int _width;
    private readonly int _height;

    public EngineFrames(EngineHost host, VulkanDevice device, int width, int height)
    {
        _host = host;
        _device = device;
        _width = width;
        _height = height;
        var poolInfo = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            Flags = CommandPoolCreateFlags.ResetCommandBufferBit,
            QueueFamilyIndex = host.QueueFamily,
        };
        CommandPool pool;
        host.Api.CreateCommandPool(host.Device, &poolInfo, null, &pool).Check();
        _pool = pool;
        var commandInfo = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = InFlight,
        };
        fixed (CommandBuffer* first = _commands)
        {
            host.Api.AllocateCommandBuffers(host.Device, &commandInfo, first).Check();
        }

        for (int i = 0; i < InFlight; i++)
        {
            _pixels[i] = GpuBuffer.Readback(device, (ulong)(width * height * 4), $"engine frame {i}");
        }

        Semaphore = host.CreateTimeline();
    }

    public Silk.NET.Vulkan.Semaphore Semaphore { get; }

    public ulong Count { get; private set; }

    /// <summary>Reads the newest image of a texture in a frame; hands out what the frame before the last
    /// read.</summary>
    public void Frame(SharedTexture texture, FrameShown shown)
    {
        int slot = (int)(Count % InFlight);
        Wait(Count < InFlight ? 0 : Count - InFlight + 1);
        if (Count >= InFlight)
        {
            shown(_shown[slot], _pixels[slot].Span<byte>());
        }

        Assert.True(texture.TryGetLatest(out SharedImage image));
        _shown[slot] = image;
        Record(_commands[slot], image, _pixels[slot]);
        Count++;
        _host.Submit(_commands[slot], Semaphore, Count);
        texture.ReleaseAfter(image, Semaphore, Count);
    }

    public void Dispose()
    {
        Wait(Count);
        _host.Destroy(Semaphore);
        _host.Api.DestroyCommandPool(_host.Device, _pool, null);
        foreach (GpuBuffer pixels in _pixels)
        {
            pixels.Close();
        }
    }

    private void Record(CommandBuffer commands, in SharedImage image, GpuBuffer pixels)
    {
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo };
        _host.Api.BeginCommandBuffer(commands, &begin).Check();
        var sampled = new ImageUse(
            PipelineStageFlags2.AllCommandsBit, AccessFlags2.None, ImageLayout.ShaderReadOnlyOptimal);
        Barriers.Transition(_device, commands, image.Image, sampled, ImageUse.CopySource);
        var region = new BufferImageCopy
        {
            ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, 0, 0, 1),
            ImageExtent = new Extent3D((uint)_width, (uint)_height, 1),
        };
        _host.Api.CmdCopyImageToBuffer(
            commands, image.Image, ImageLayout.TransferSrcOptimal, pixels.Handle, 1, &region);
        Barriers.Transition(_device, commands, image.Image, ImageUse.CopySource, ImageUse.SampledAnywhere);
        Barriers.TransferToHost(_device, commands);
        _host.Api.EndCommandBuffer(commands).Check();
    }

    private void Wait(ulong value)
    {
        Silk.NET.Vulkan.Semaphore semaphore = Semaphore;
        var info = new SemaphoreWaitInfo
        {
            SType = StructureType.SemaphoreWaitInfo,
            SemaphoreCount = 1,
            PSemaphores = &semaphore,
            PValues = &value,
        };
        _host.Api.WaitSemaphores(_host.Device, &info, ulong.MaxValue).Check();
    }
}
