using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>Draws text and rectangles over the frame, in the order they were asked for.</summary>
/// <remarks>Call between <see cref="FrameRenderer.TryBeginFrame"/> and <see cref="FrameRenderer.EndFrame"/>; each frame
/// starts empty. One thread. What exceeds the capacity is left out: an overlay must not stop a frame.</remarks>
public sealed unsafe class OverlayPass : IFramePass, IDisposable
{
    /// <summary>Width of a character at scale 1 in pixels.</summary>
    public const int CharacterWidth = 6;

    /// <summary>Height of a character at scale 1 in pixels.</summary>
    public const int CharacterHeight = 10;

    private readonly VulkanDevice _device;
    private readonly GpuBuffer _font;
    private readonly GpuBuffer[] _quads = new GpuBuffer[FrameRenderer.FramesInFlight];
    private readonly DescriptorSet[] _sets = new DescriptorSet[FrameRenderer.FramesInFlight];
    private readonly DescriptorSetLayout _setLayout;
    private readonly DescriptorPool _pool;
    private readonly PipelineLayout _layout;
    private readonly Pipeline _pipeline;
    private readonly OwnedHandles _owned;
    private int _count;
    private int _slot;
    private bool _disposed;

    /// <summary>Creates the pipeline and buffers of fixed size.</summary>
    /// <param name="device">Device.</param>
    /// <param name="format">Format of the target, <see cref="FrameTarget.Format"/>.</param>
    /// <param name="capacity">Characters and rectangles a frame.</param>
    public OverlayPass(VulkanDevice device, Format format, int capacity = 4096)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _device = device;
        Capacity = capacity;
        ReadOnlySpan<DescriptorType> types = [DescriptorType.StorageBuffer, DescriptorType.StorageBuffer];
        using var made = new Construction(device);
        _setLayout = made.Own(
            Descriptors.CreateLayout(device, types, ShaderStageFlags.VertexBit | ShaderStageFlags.FragmentBit),
            "overlay");
        _pool = made.Own(Descriptors.CreatePool(device, types, FrameRenderer.FramesInFlight), "overlay");
        _font = made.Own(GpuBuffer.Upload(
            device, (ulong)(OverlayFont.Glyphs.Length * sizeof(ulong)), BufferUsageFlags.StorageBufferBit,
            "overlay font"));
        OverlayFont.Glyphs.CopyTo(_font.Span<ulong>());
        for (int i = 0; i < _quads.Length; i++)
        {
            _quads[i] = made.Own(GpuBuffer.Upload(
                device, (ulong)capacity * (ulong)sizeof(OverlayQuad), BufferUsageFlags.StorageBufferBit,
                $"overlay {i}"));
            _sets[i] = Descriptors.Allocate(device, _pool, _setLayout, $"overlay {i}");
            Descriptors.WriteBuffer(device, _sets[i], 0, DescriptorType.StorageBuffer, _quads[i]);
            Descriptors.WriteBuffer(device, _sets[i], 1, DescriptorType.StorageBuffer, _font);
        }

        _layout = made.Own(
            Descriptors.CreatePipelineLayout(device, [_setLayout], ShaderStageFlags.VertexBit, sizeof(Vector2)),
            "overlay");
        var pipeline = new GraphicsPipelineInfo("overlay.vert", "overlay.frag", _layout)
        {
            ColourFormat = format,
            Topology = PrimitiveTopology.TriangleStrip,
            Blends = true,
        };
        _pipeline = GraphicsPipeline.Create(device, made, pipeline);
        _owned = made.Complete();
    }

    /// <inheritdoc/>
    public string Name => "overlay";

    /// <summary>Characters and rectangles that a frame can hold.</summary>
    public int Capacity { get; }

    /// <summary>Writes one line of text; characters outside printable ASCII show as '?'.</summary>
    /// <param name="x">Left edge in pixels.</param>
    /// <param name="y">Top edge in pixels.</param>
    /// <param name="text">The text.</param>
    /// <param name="colour">Its colour.</param>
    /// <param name="scale">Pixels a font pixel, at least 1; 2 is legible at 720 lines.</param>
    /// <returns>Where the text ends, in pixels from the left.</returns>
    public float Text(float x, float y, ReadOnlySpan<char> text, Rgba colour, int scale = 2)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        var size = new Vector2(CharacterWidth * scale, CharacterHeight * scale);
        foreach (char character in text)
        {
            if (character != ' ')
            {
                Add(new OverlayQuad(new Vector2(x, y), size, colour.Packed, OverlayFont.IndexOf(character)));
            }

            x += size.X;
        }

        return x;
    }

    /// <summary>Fills a rectangle.</summary>
    /// <param name="x">Left edge in pixels.</param>
    /// <param name="y">Top edge in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="colour">Its colour; alpha blends.</param>
    public void Rectangle(float x, float y, float width, float height, Rgba colour)
        => Add(new OverlayQuad(new Vector2(x, y), new Vector2(width, height), colour.Packed, OverlayQuad.Solid));

    /// <inheritdoc/>
    public void Begin(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _count = 0;
        _slot = frame.Slot;
    }

    /// <inheritdoc/>
    public void Record(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_count == 0)
        {
            return;
        }

        CommandBuffer commands = frame.Commands;
        Barriers.Transition(_device, commands, frame.Image, ImageUse.ColourTarget, ImageUse.ColourTarget);
        var colour = new RenderingAttachmentInfo
        {
            SType = StructureType.RenderingAttachmentInfo,
            ImageView = frame.View,
            ImageLayout = ImageLayout.ColorAttachmentOptimal,
            LoadOp = AttachmentLoadOp.Load,
            StoreOp = AttachmentStoreOp.Store,
        };
        Rendering.Begin(_device, commands, frame.Extent, &colour, null, flipsY: false);
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Graphics, _pipeline);
        DescriptorSet set = _sets[frame.Slot];
        _device.Api.CmdBindDescriptorSets(commands, PipelineBindPoint.Graphics, _layout, 0, 1, &set, 0, null);
        var extent = new Vector2(frame.Extent.Width, frame.Extent.Height);
        _device.Api.CmdPushConstants(commands, _layout, ShaderStageFlags.VertexBit, 0, (uint)sizeof(Vector2), &extent);
        _device.Api.CmdDraw(commands, 4, (uint)_count, 0, 0);
        _device.Api.CmdEndRendering(commands);
    }

    /// <summary>Frees everything once the device is done with it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _font.Dispose();
        foreach (GpuBuffer quads in _quads)
        {
            quads.Dispose();
        }

        _owned.Dispose();
    }

    private void Add(in OverlayQuad quad)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_count < Capacity)
        {
            _quads[_slot].Span<OverlayQuad>()[_count++] = quad;
        }
    }
}
