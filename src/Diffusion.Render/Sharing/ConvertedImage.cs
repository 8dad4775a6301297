using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>One image of a texture's ring, its descriptor set, and until when the device uses it.</summary>
internal sealed unsafe class ConvertedImage : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly GpuImage _image;
    private readonly DescriptorSet _set;
    private readonly SharedTextureFormat _format;

    public ConvertedImage(
        VulkanDevice device, Extent2D extent, DescriptorSet set, SampleSource source, SharedTextureFormat format,
        string name)
    {
        _device = device;
        _set = set;
        _format = format;
        bool isHalf = format == SharedTextureFormat.Rgba16Float;
        _image = new GpuImage(
            device,
            new GpuImageInfo(
                extent, isHalf ? Format.R16G16B16A16Sfloat : Format.R8G8B8A8Srgb,
                ImageUsageFlags.SampledBit | ImageUsageFlags.StorageBit | ImageUsageFlags.TransferSrcBit |
                ImageUsageFlags.TransferDstBit)
            {
                // The image is sRGB so that blits filter the mip levels in linear light; stores go through UNORM.
                StorageFormat = isHalf ? Format.R16G16B16A16Sfloat : Format.R8G8B8A8Unorm,
                MipLevels = (uint)int.Log2((int)Math.Max(extent.Width, extent.Height)) + 1,
            },
            name);
        Bind(source);
    }

    public SampleInfo Info { get; private set; }

    public ulong ReadableValue { get; private set; }

    /// <summary>The timeline value after which nobody reads it.</summary>
    public ulong ReadUntil { get; set; }

    /// <summary>An engine's timeline semaphore that tells when the engine has done reading, or null.</summary>
    public Silk.NET.Vulkan.Semaphore ReaderSemaphore { get; set; }

    /// <summary>The value of <see cref="ReaderSemaphore"/> after which the engine no longer reads.</summary>
    public ulong ReaderValue { get; set; }

    /// <summary>Readers that have not said until when they read: while there are any it is not written.</summary>
    public int Holds { get; set; }

    public Image Handle => _image.Handle;

    public ImageView View => _image.View;

    /// <summary>Takes where samples are from now on; no conversion is in flight.</summary>
    public void Bind(SampleSource source)
    {
        if (!source.IsPacked)
        {
            Descriptors.WriteBuffer(_device, _set, 0, DescriptorType.StorageBuffer, source.Buffer);
            Descriptors.WriteImage(
                _device, _set, 1, DescriptorType.StorageImage,
                new DescriptorImageInfo(default, _image.StorageView, ImageLayout.General));
        }
    }

    /// <summary>Whether nobody reads it any more.</summary>
    /// <param name="completed">What the device's timeline has reached.</param>
    public bool IsFree(ulong completed)
    {
        if (Holds > 0 || ReadUntil > completed)
        {
            return false;
        }

        if (ReaderSemaphore.Handle != 0 && Timeline.Read(_device, ReaderSemaphore) < ReaderValue)
        {
            return false;
        }

        ReaderSemaphore = default;
        return true;
    }

    /// <summary>Records the first level from a source, and the others from it.</summary>
    /// <param name="commands">The frame's commands.</param>
    /// <param name="converter">Converts what is not packed.</param>
    /// <param name="source">Where the sample is.</param>
    /// <param name="offset">Where in its buffer, as <see cref="SampleSource.TryPrepare"/> said.</param>
    /// <param name="info">What the sample is.</param>
    /// <param name="frameValue">The timeline value of the frame.</param>
    public void Record(
        CommandBuffer commands, TexelKernel converter, SampleSource source, uint offset, in SampleInfo info,
        ulong frameValue)
    {
        // Readers that said until when are done by their timelines; earlier work of the queue is ordered here.
        ImageUse discard = ImageUse.Discard(PipelineStageFlags2.AllCommandsBit);
        source.BeginRead(commands, offset);
        ImageUse written = source.IsPacked ? ImageUse.CopyTarget : ImageUse.ComputeStore;
        Barriers.Transition(_device, commands, Handle, discard, written, 0, 1);
        if (source.IsPacked)
        {
            Copy(commands, source.Buffer, offset);
        }
        else
        {
            converter.Record(
                commands, _set, _image.Extent, _format,
                new PlanarPush(_image.Extent.Width, _image.Extent.Height, offset));
        }

        source.EndRead(commands, offset);
        Finish(commands, written, info, frameValue);
    }

    /// <summary>Records the first level as a mixture of two other images, and the others from it.</summary>
    /// <param name="commands">The frame's commands.</param>
    /// <param name="fader">Mixes.</param>
    /// <param name="set">A set that no frame in flight uses.</param>
    /// <param name="before">The one image.</param>
    /// <param name="after">The other; the mixture shows what it shows.</param>
    /// <param name="weight">Its weight, in [0, 1].</param>
    /// <param name="frameValue">The timeline value of the frame.</param>
    public void RecordMixture(
        CommandBuffer commands, TexelKernel fader, DescriptorSet set, ConvertedImage before, ConvertedImage after,
        float weight, ulong frameValue)
    {
        const ImageLayout Sampled = ImageLayout.ShaderReadOnlyOptimal;
        Descriptors.WriteImage(
            _device, set, 0, DescriptorType.SampledImage, new DescriptorImageInfo(default, before.View, Sampled));
        Descriptors.WriteImage(
            _device, set, 1, DescriptorType.SampledImage, new DescriptorImageInfo(default, after.View, Sampled));
        Descriptors.WriteImage(
            _device, set, 2, DescriptorType.StorageImage,
            new DescriptorImageInfo(default, _image.StorageView, ImageLayout.General));
        Barriers.Transition(
            _device, commands, Handle, ImageUse.Discard(PipelineStageFlags2.AllCommandsBit), ImageUse.ComputeStore,
            0, 1);
        fader.Record(
            commands, set, _image.Extent, _format,
            new FadePush(_image.Extent.Width, _image.Extent.Height, weight));
        Finish(commands, ImageUse.ComputeStore, after.Info, frameValue);
    }

    public void Dispose() => _image.Dispose();

    private static Offset3D LevelEnd(Extent2D extent, uint level) => new(
        (int)Math.Max(extent.Width >> (int)level, 1), (int)Math.Max(extent.Height >> (int)level, 1), 1);

    // The first level was written: fills the others, and hands all of them to readers.
    private void Finish(CommandBuffer commands, in ImageUse written, in SampleInfo info, ulong frameValue)
    {
        uint levels = _image.Info.MipLevels;
        if (levels == 1)
        {
            Barriers.Transition(_device, commands, Handle, written, ImageUse.SampledAnywhere);
        }
        else
        {
            Barriers.Transition(_device, commands, Handle, written, ImageUse.BlitSource, 0, 1);
            Barriers.Transition(
                _device, commands, Handle, ImageUse.Discard(PipelineStageFlags2.AllCommandsBit), ImageUse.BlitTarget,
                1, levels - 1);
            for (uint level = 1; level < levels; level++)
            {
                BlitLevel(commands, level);
                Barriers.Transition(_device, commands, Handle, ImageUse.BlitTarget, ImageUse.BlitSource, level, 1);
            }

            Barriers.Transition(_device, commands, Handle, ImageUse.BlitSource, ImageUse.SampledAnywhere);
        }

        Info = info;
        ReadableValue = frameValue;
        ReadUntil = frameValue;
    }

    private void Copy(CommandBuffer commands, GpuBuffer pixels, uint offsetInPixels)
    {
        var region = new BufferImageCopy
        {
            BufferOffset = (ulong)offsetInPixels * sizeof(uint),
            ImageSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, 0, 0, 1),
            ImageExtent = new Extent3D(_image.Extent.Width, _image.Extent.Height, 1),
        };
        _device.Api.CmdCopyBufferToImage(
            commands, pixels.Handle, Handle, ImageLayout.TransferDstOptimal, 1, &region);
    }

    private void BlitLevel(CommandBuffer commands, uint level)
    {
        var blit = new ImageBlit
        {
            SrcSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, level - 1, 0, 1),
            DstSubresource = new ImageSubresourceLayers(ImageAspectFlags.ColorBit, level, 0, 1),
        };
        blit.SrcOffsets[1] = LevelEnd(_image.Extent, level - 1);
        blit.DstOffsets[1] = LevelEnd(_image.Extent, level);
        _device.Api.CmdBlitImage(
            commands, Handle, ImageLayout.TransferSrcOptimal, Handle, ImageLayout.TransferDstOptimal, 1, &blit,
            Filter.Linear);
    }
}
