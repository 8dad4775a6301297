using Diffusion.Plugin.Errors;
using Diffusion.Runtime;

namespace Diffusion.Plugin.Runtimes;

/// <summary>
/// A runtime's textures by handle: 24 bits of generation, 20 of the runtime, 20 of the place, so that another runtime's
/// handle is refused.
/// </summary>
internal sealed class TextureTable
{
    /// <summary>The most textures of a runtime.</summary>
    public const int Capacity = 4096;

    private const int PlaceBits = 20;
    private const int RuntimeBits = 20;
    private const uint GenerationMask = 0xFFFFFF;

    private static int _runtimes;

    private readonly List<PluginTexture?> _textures = [];
    private readonly ulong _runtime = (uint)Interlocked.Increment(ref _runtimes) & ((1u << RuntimeBits) - 1);

    /// <summary>Textures that are not released.</summary>
    public int Count { get; private set; }

    /// <summary>By place; null where there is none.</summary>
    public IReadOnlyList<PluginTexture?> Places => _textures;

    public ulong Add(PluginTexture texture)
    {
        int index = texture.Handle.Index;
        while (_textures.Count <= index)
        {
            _textures.Add(null);
        }

        _textures[index] = texture;
        Count++;
        return Encode(texture.Handle);
    }

    /// <exception cref="PluginException">The handle names no texture of this runtime.</exception>
    public PluginTexture Find(ulong handle)
    {
        int index = (int)(handle & ((1u << PlaceBits) - 1)) - 1;
        PluginTexture? texture = (uint)index < (uint)_textures.Count ? _textures[index] : null;
        return texture is not null && Encode(texture.Handle) == handle
            ? texture
            : throw new PluginException(
                ResultCode.ErrorInvalidHandle,
                $"0x{handle:x} names no texture of this runtime; it was released or never submitted.");
    }

    public void Remove(PluginTexture texture)
    {
        _textures[texture.Handle.Index] = null;
        Count--;
    }

    private ulong Encode(TextureHandle handle) =>
        ((ulong)(handle.Generation & GenerationMask) << (PlaceBits + RuntimeBits))
        | (_runtime << PlaceBits)
        | (uint)(handle.Index + 1);
}
