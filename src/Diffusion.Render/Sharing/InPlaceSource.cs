using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>The buffer in which the compute backend keeps x_t on this very device.</summary>
/// <remarks>The conversion is not part of the step: only what is shown is converted, once a frame at most.</remarks>
internal sealed class InPlaceSource(DeviceSamples samples) : SampleSource
{
    private ulong _acquired;

    public override GpuBuffer Buffer => samples.Buffer;

    public override SharingPath Path => SharingPath.InPlace;

    /// <summary>Why a ring's samples cannot be read in place on a device, or null when they can.</summary>
    public static string? WhyNot(VulkanDevice device, SampleRing ring) => ring.Device switch
    {
        null => "its samples are written by the host",
        DeviceSamples samples when samples.Vulkan == device => null,
        _ => "its samples are on another device",
    };

    // On one queue a frame comes after the step; a queue of the networks' own it does not wait for.
    public override bool IsReady(in SampleLease lease) => !samples.Vulkan.HasAsyncCompute
        || samples.ReadyAt(lease.Slot) <= samples.Vulkan.Compute.Timeline.Completed;

    public override uint Prepare(in SampleLease lease, SampleView view, int frameSlot)
    {
        // Reached already: what makes the step's writes visible to the renderer's queue.
        ulong value = samples.ReadyAt(lease.Slot);
        VulkanDevice device = samples.Vulkan;
        if (device.HasAsyncCompute && value > _acquired)
        {
            device.Main.WaitFor(device.Compute.Timeline.Semaphore, value);
            _acquired = value;
        }

        return samples.OffsetOf(lease.Slot, view == SampleView.Denoised);
    }

    // Kernels on the same queue write it.
    public override void BeginRead(CommandBuffer commands, uint offset) => Barriers.Compute(samples.Vulkan, commands);

    // The chain's.
    public override void Dispose()
    {
    }
}
