using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Scenes;

/// <summary>
/// Descriptor sets of one texture each, made anew in every frame from a pool that is reset as a whole.
/// </summary>
/// <remarks>So a set never outlives its image, and textures come and go without registration. Writing a set costs
/// well under a microsecond; an array with descriptor indexing would need a feature that not every device
/// has.</remarks>
internal sealed class TextureSets : IDisposable
{
    /// <summary>Different images that one frame can draw with.</summary>
    public const int Capacity = 256;

    private readonly VulkanDevice _device;
    private readonly DescriptorPool[] _pools = new DescriptorPool[FrameRenderer.FramesInFlight];
    private readonly Sampler _sampler;
    private readonly OwnedHandles _owned;
    private readonly (ImageView View, DescriptorSet Set)[] _used = new (ImageView, DescriptorSet)[Capacity];
    private int _count;
    private int _slot;

    public TextureSets(VulkanDevice device, MeshPassOptions options)
    {
        _device = device;
        using var made = new Construction(device);
        _sampler = made.Own(Samplers.CreateRepeating(device, options), "repeating sampler");
        Layout = made.Own(
            Descriptors.CreateLayout(device, [DescriptorType.CombinedImageSampler], ShaderStageFlags.FragmentBit),
            "texture");
        for (int i = 0; i < _pools.Length; i++)
        {
            _pools[i] = made.Own(
                Descriptors.CreatePool(device, [DescriptorType.CombinedImageSampler], Capacity), $"textures {i}");
        }

        _owned = made.Complete();
    }

    public DescriptorSetLayout Layout { get; }

    public void Begin(int slot)
    {
        _slot = slot;
        _count = 0;
        _device.Api.ResetDescriptorPool(_device.Handle, _pools[slot], 0).Check();
    }

    public DescriptorSet Get(ImageView view)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_used[i].View.Handle == view.Handle)
            {
                return _used[i].Set;
            }
        }

        if (_count == Capacity)
        {
            throw new InvalidOperationException($"A frame can draw with at most {Capacity} textures.");
        }

        DescriptorSet set = Descriptors.Allocate(_device, _pools[_slot], Layout);
        Descriptors.WriteTexture(_device, set, 0, view, _sampler);
        _used[_count++] = (view, set);
        return set;
    }

    public void Dispose() => _owned.Dispose();
}
