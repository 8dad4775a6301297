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

    public override bool TryPrepare(in SampleLease lease, SampleView view, out uint offset)
    {
        offset = samples.OffsetOf(lease.Slot, view == SampleView.Denoised);
        VulkanDevice device = samples.Vulkan;
        if (!device.HasAsyncCompute)
        {
            return true; // on one queue a frame comes after the step
        }

        ulong value = samples.ReadyAt(lease.Slot);
        if (value > device.Compute.Timeline.Completed)
        {
            return false;
        }

        // Reached already: what makes the step's writes visible to the renderer's queue.
        if (value > _acquired)
        {
            device.Main.WaitFor(device.Compute.Timeline.Semaphore, value);
            _acquired = value;
        }

        return true;
    }

    // Kernels on the same queue write it.
    public override void BeginRead(CommandBuffer commands, uint offset) => Barriers.Compute(samples.Vulkan, commands);

    // The chain's.
    public override void Dispose()
    {
    }
}
