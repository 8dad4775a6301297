using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <content>What the pass records.</content>
public sealed unsafe partial class MeshPass
{
    /// <inheritdoc/>
    public void Record(in Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _attachments.Fit(frame.Extent);
        _uniforms[frame.Slot].Span<SceneUniforms>()[0] = SceneUniforms.Create(
            Camera, Light, frame.Extent.Width, frame.Extent.Height, (int)_shadowMap.Extent.Width);
        if (!_whiteIsReady)
        {
            ClearWhite(frame.Commands);
            _whiteIsReady = true;
        }

        RecordShadows(frame);
        RecordScene(frame);
    }

    private void RecordShadows(in Frame frame)
    {
        CommandBuffer commands = frame.Commands;
        Barriers.Transition(
            _device, commands, _shadowMap.Handle,
            ImageUse.Discard(PipelineStageFlags2.FragmentShaderBit | PipelineStageFlags2.LateFragmentTestsBit),
            ImageUse.DepthTarget, aspect: ImageAspectFlags.DepthBit);
        var depth = new RenderingAttachmentInfo
        {
            SType = StructureType.RenderingAttachmentInfo,
            ImageView = _shadowMap.View,
            ImageLayout = ImageLayout.DepthAttachmentOptimal,
            LoadOp = AttachmentLoadOp.Clear,
            StoreOp = AttachmentStoreOp.Store,
            ClearValue = new ClearValue { DepthStencil = new ClearDepthStencilValue(1f, 0) },
        };
        Rendering.Begin(_device, commands, _shadowMap.Extent, null, &depth, flipsY: false);
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Graphics, _shadowPipeline);
        BindSceneSet(frame);
        foreach (ref readonly DrawItem item in _items.AsSpan(0, _count))
        {
            Push(commands, item, Vector3.Zero);
            DrawMesh(commands, item.Mesh);
        }

        _device.Api.CmdEndRendering(commands);
        Barriers.Transition(
            _device, commands, _shadowMap.Handle, ImageUse.DepthTarget, ImageUse.Sampled,
            aspect: ImageAspectFlags.DepthBit);
    }

    private void RecordScene(in Frame frame)
    {
        CommandBuffer commands = frame.Commands;
        Barriers.Transition(
            _device, commands, _attachments.Depth.Handle,
            ImageUse.Discard(PipelineStageFlags2.LateFragmentTestsBit, AccessFlags2.DepthStencilAttachmentWriteBit),
            ImageUse.DepthTarget, aspect: ImageAspectFlags.DepthBit);
        if (_attachments.Colour is not null)
        {
            Barriers.Transition(
                _device, commands, _attachments.Colour.Handle,
                ImageUse.Discard(
                    PipelineStageFlags2.ColorAttachmentOutputBit,
                    AccessFlags2.ColorAttachmentWriteBit),
                ImageUse.ColourTarget);
        }

        var colour = new RenderingAttachmentInfo
        {
            SType = StructureType.RenderingAttachmentInfo,
            ImageView = frame.View,
            ImageLayout = ImageLayout.ColorAttachmentOptimal,
            LoadOp = AttachmentLoadOp.DontCare, // the backdrop covers every pixel
            StoreOp = AttachmentStoreOp.Store,
        };
        if (_attachments.Colour is not null)
        {
            colour.ImageView = _attachments.Colour.View;
            colour.StoreOp = AttachmentStoreOp.DontCare;
            colour.ResolveMode = ResolveModeFlags.AverageBit;
            colour.ResolveImageView = frame.View;
            colour.ResolveImageLayout = ImageLayout.ColorAttachmentOptimal;
        }

        var depth = new RenderingAttachmentInfo
        {
            SType = StructureType.RenderingAttachmentInfo,
            ImageView = _attachments.Depth.View,
            ImageLayout = ImageLayout.DepthAttachmentOptimal,
            LoadOp = AttachmentLoadOp.Clear,
            StoreOp = AttachmentStoreOp.DontCare,
            ClearValue = new ClearValue { DepthStencil = new ClearDepthStencilValue(1f, 0) },
        };
        Rendering.Begin(_device, commands, frame.Extent, &colour, &depth, flipsY: true);
        BindSceneSet(frame);
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Graphics, _meshPipeline);
        foreach (ref readonly DrawItem item in _items.AsSpan(0, _count))
        {
            DrawLit(commands, item, frame.Value);
        }

        // Last, so that only what the scene leaves is shaded.
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Graphics, _backgroundPipeline);
        _device.Api.CmdDraw(commands, 3, 1, 0, 0);

        _device.Api.CmdEndRendering(commands);
    }

    private void DrawLit(CommandBuffer commands, in DrawItem item, ulong frameValue)
    {
        ImageView view = _white.View;
        Vector3 tint = item.Material.Tint;
        if (item.Texture is not null)
        {
            if (item.Texture.TryGetLatest(out SharedImage image))
            {
                view = image.View;
                item.Texture.ReleaseAfter(image, frameValue);
            }
            else
            {
                tint *= PendingBrightness;
            }
        }

        DescriptorSet set = _textures.Get(view);
        _device.Api.CmdBindDescriptorSets(
            commands, PipelineBindPoint.Graphics, _layout, 1, 1, &set, 0, null);
        Push(commands, item, tint);
        DrawMesh(commands, item.Mesh);
    }

    private void BindSceneSet(in Frame frame)
    {
        DescriptorSet set = _sceneSets[frame.Slot];
        _device.Api.CmdBindDescriptorSets(
            frame.Commands, PipelineBindPoint.Graphics, _layout, 0, 1, &set, 0, null);
    }

    private void Push(CommandBuffer commands, in DrawItem item, Vector3 tint)
    {
        var constants = new DrawConstants(
            item.Model,
            new Vector4(tint, item.Material.Relief),
            new Vector4(item.UvScale, item.Material.Roughness, item.Material.Metalness, item.Material.Emission));
        _device.Api.CmdPushConstants(commands, _layout, Stages, 0, (uint)sizeof(DrawConstants), &constants);
    }

    private void DrawMesh(CommandBuffer commands, Mesh mesh)
    {
        Silk.NET.Vulkan.Buffer vertices = mesh.Vertices;
        ulong offset = 0;
        _device.Api.CmdBindVertexBuffers(commands, 0, 1, &vertices, &offset);
        _device.Api.CmdBindIndexBuffer(commands, mesh.Indices, 0, IndexType.Uint32);
        _device.Api.CmdDrawIndexed(commands, mesh.IndexCount, 1, 0, 0, 0);
    }

    private void ClearWhite(CommandBuffer commands)
    {
        Barriers.Transition(
            _device, commands, _white.Handle, ImageUse.Discard(PipelineStageFlags2.None), ImageUse.ClearTarget);
        var white = new ClearColorValue(1f, 1f, 1f, 1f);
        var range = new ImageSubresourceRange(ImageAspectFlags.ColorBit, 0, 1, 0, 1);
        _device.Api.CmdClearColorImage(commands, _white.Handle, ImageLayout.TransferDstOptimal, &white, 1, &range);
        Barriers.Transition(_device, commands, _white.Handle, ImageUse.ClearTarget, ImageUse.Sampled);
    }
}
