using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>How a stretch of commands uses an image: the words that <see cref="Barriers.Transition"/> takes.</summary>
internal readonly record struct ImageUse(PipelineStageFlags2 Stage, AccessFlags2 Access, ImageLayout Layout)
{
    /// <summary>Contents no longer wanted, last touched by <paramref name="stage"/>.</summary>
    public static ImageUse Discard(PipelineStageFlags2 stage, AccessFlags2 access = AccessFlags2.None)
        => new(stage, access, ImageLayout.Undefined);

    public static ImageUse ComputeStore => new(
        PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit, ImageLayout.General);

    public static ImageUse BlitSource => new(
        PipelineStageFlags2.BlitBit, AccessFlags2.TransferReadBit, ImageLayout.TransferSrcOptimal);

    public static ImageUse BlitTarget => new(
        PipelineStageFlags2.BlitBit, AccessFlags2.TransferWriteBit, ImageLayout.TransferDstOptimal);

    public static ImageUse CopySource => new(
        PipelineStageFlags2.CopyBit, AccessFlags2.TransferReadBit, ImageLayout.TransferSrcOptimal);

    public static ImageUse CopyTarget => new(
        PipelineStageFlags2.CopyBit, AccessFlags2.TransferWriteBit, ImageLayout.TransferDstOptimal);

    public static ImageUse ClearTarget => new(
        PipelineStageFlags2.ClearBit, AccessFlags2.TransferWriteBit, ImageLayout.TransferDstOptimal);

    public static ImageUse Sampled => new(
        PipelineStageFlags2.FragmentShaderBit, AccessFlags2.ShaderSampledReadBit, ImageLayout.ShaderReadOnlyOptimal);

    /// <summary>Sampled by whatever stage a reader chooses: an engine's shaders are not known here.</summary>
    public static ImageUse SampledAnywhere => new(
        PipelineStageFlags2.VertexShaderBit | PipelineStageFlags2.FragmentShaderBit |
        PipelineStageFlags2.ComputeShaderBit,
        AccessFlags2.ShaderSampledReadBit, ImageLayout.ShaderReadOnlyOptimal);

    public static ImageUse ColourTarget => new(
        PipelineStageFlags2.ColorAttachmentOutputBit,
        AccessFlags2.ColorAttachmentReadBit | AccessFlags2.ColorAttachmentWriteBit,
        ImageLayout.ColorAttachmentOptimal);

    public static ImageUse DepthTarget => new(
        PipelineStageFlags2.EarlyFragmentTestsBit | PipelineStageFlags2.LateFragmentTestsBit,
        AccessFlags2.DepthStencilAttachmentReadBit | AccessFlags2.DepthStencilAttachmentWriteBit,
        ImageLayout.DepthAttachmentOptimal);

    public static ImageUse Presented => new(
        PipelineStageFlags2.None, AccessFlags2.None, ImageLayout.PresentSrcKhr);
}
