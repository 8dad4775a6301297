namespace Diffusion.Runtime.Sharing;

/// <summary>The images of a <see cref="SampleRing"/> whose slots lie in a device's memory.</summary>
/// <remarks>
/// Whoever knows the device reads them there, and only a host that asks for pixels has them copied. Slots lie at
/// <see cref="SampleRing.SlotSizeInBytes"/> from each other, as in host memory. One thread, that of the
/// device's queue, unless an implementation says otherwise.
/// </remarks>
public interface IDeviceSamples
{
    /// <summary>Copies an image to the host unless it was copied since it was written; waits for the device.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="isDenoised">Whether to read the clean estimate in place of x_t.</param>
    /// <returns>Planar [3, H, W] float32; valid until the slot is written again.</returns>
    Span<float> Read(int slot, bool isDenoised);

    /// <summary>Copies an image to a slot that was taken for writing.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="isDenoised">Whether it is the clean estimate in place of x_t.</param>
    /// <param name="image">Planar [3, H, W] float32; may be changed when this returns.</param>
    void Write(int slot, bool isDenoised, ReadOnlySpan<float> image);

    /// <summary>A slot is about to be written: what was copied of it no longer holds.</summary>
    /// <param name="slot">The slot.</param>
    void Forget(int slot);
}
