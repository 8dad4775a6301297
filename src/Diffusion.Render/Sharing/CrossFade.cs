using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Sharing;

/// <summary>The change from one image of a texture to another, spread over time.</summary>
/// <remarks>
/// Each frame mixes the two into a third, which is what readers get: one image, as without a fade. Readers that mixed
/// two themselves would each need a shader for it and pay for every pixel on the screen; here it is a texel of a
/// texture, while it changes.
/// </remarks>
internal sealed class CrossFade : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly TexelKernel _kernel;
    private readonly TimeProvider _time;
    private readonly DescriptorSet[] _sets = new DescriptorSet[FrameRenderer.FramesInFlight];
    private readonly OwnedHandles _owned;
    private long _begun;
    private long _last;

    public CrossFade(VulkanDevice device, TexelKernel kernel, TimeProvider time, string name)
    {
        _device = device;
        _kernel = kernel;
        _time = time;
        using var made = new Construction(device);
        DescriptorPool pool = made.Own(
            Descriptors.CreatePool(device, kernel.BindingTypes, _sets.Length), $"{name} fade");
        for (int i = 0; i < _sets.Length; i++)
        {
            _sets[i] = Descriptors.Allocate(device, pool, kernel.SetLayout, $"{name} fade {i}");
        }

        _owned = made.Complete();
    }

    /// <summary>The image that fades out, or null.</summary>
    public ConvertedImage? Before { get; private set; }

    /// <summary>The image that fades in, or null.</summary>
    public ConvertedImage? After { get; private set; }

    public bool IsRunning => After is not null;

    /// <summary>Begins one; another that ran ends where it is.</summary>
    public void Begin(ConvertedImage before, ConvertedImage after)
    {
        // From the last frame on if one ran: else a new sample in every frame would hold all of them at their start.
        _begun = IsRunning ? _last : _time.GetTimestamp();
        (Before, After) = (before, after);
    }

    /// <summary>Goes on to now.</summary>
    /// <param name="length">How long the whole takes.</param>
    /// <returns>How much of <see cref="After"/> is to be seen, in [0, 1].</returns>
    public float Advance(TimeSpan length)
    {
        _last = _time.GetTimestamp();
        double elapsed = _time.GetElapsedTime(_begun, _last) / length;
        return elapsed < 1 ? (float)elapsed : 1f; // NaN, that is no time of no length, is the end as well
    }

    /// <summary>Ends it: <see cref="After"/> is all that is seen.</summary>
    public void End() => (Before, After) = (null, null);

    /// <summary>Records the mixture.</summary>
    public void Record(
        CommandBuffer commands, ConvertedImage target, float weight, ulong frameValue, int frameSlot)
        => target.RecordMixture(commands, _kernel, _sets[frameSlot], Before!, After!, weight, frameValue);

    public void Dispose() => _owned.Dispose();
}
