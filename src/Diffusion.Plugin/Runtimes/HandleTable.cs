using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin.Runtimes;

/// <summary>
/// A runtime's textures, or its surfaces, by handle: 24 bits of generation, 20 of the runtime, one of the kind, 19 of
/// the place, so that another runtime's handle and one of the other kind are refused.
/// </summary>
/// <param name="runtime">The runtime's number.</param>
/// <param name="kind">0 or 1, which the runtime's other table is not.</param>
/// <param name="absence">What is said of a handle that names nothing, after the handle.</param>
internal sealed class HandleTable<T>(uint runtime, uint kind, string absence)
    where T : class
{
    private const int PlaceBits = 19;
    private const int KindBits = 1;
    private const int RuntimeBits = 20;
    private const uint GenerationMask = 0xFFFFFF;

    private readonly List<T?> _items = [];
    private readonly List<uint> _generations = [];
    private readonly ulong _middle =
        ((((ulong)runtime & ((1u << RuntimeBits) - 1)) << KindBits) | kind) << PlaceBits;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>By place; null where there is none.</summary>
    public IReadOnlyList<T?> Places => _items;

    /// <summary>Takes one in, of at most half a million.</summary>
    /// <returns>Its handle.</returns>
    public ulong Add(T item)
    {
        int index = _items.IndexOf(null);
        if (index < 0)
        {
            index = _items.Count;
            _items.Add(null);
            _generations.Add(0);
        }

        _items[index] = item;
        _generations[index] = (_generations[index] + 1) & GenerationMask;
        Count++;
        return Encode(index);
    }

    /// <exception cref="PluginException">The handle names none of this table's.</exception>
    public T Find(ulong handle) => _items[PlaceOf(handle)]!;

    /// <summary>Ends a handle.</summary>
    /// <exception cref="PluginException">The handle names none of this table's.</exception>
    public T Remove(ulong handle)
    {
        int index = PlaceOf(handle);
        T item = _items[index]!;
        _items[index] = null;
        Count--;
        return item;
    }

    private int PlaceOf(ulong handle)
    {
        int index = (int)(handle & ((1u << PlaceBits) - 1)) - 1;
        return (uint)index < (uint)_items.Count && _items[index] is not null && Encode(index) == handle
            ? index
            : throw new PluginException(ResultCode.ErrorInvalidHandle, $"0x{handle:x} {absence}");
    }

    private ulong Encode(int index) =>
        ((ulong)_generations[index] << (PlaceBits + KindBits + RuntimeBits)) | _middle | (uint)(index + 1);
}
