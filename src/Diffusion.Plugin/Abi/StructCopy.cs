using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin.Abi;

/// <summary>
/// Takes structs in and hands them out by the size that the host's header gave them, which may be smaller or larger
/// than ours.
/// </summary>
internal static unsafe class StructCopy
{
    /// <summary>The present meaning of all structs.</summary>
    public const uint Version = 1;

    // All structs are multiples of it, in every version of the header.
    private const uint Unit = 8;

    // A size beyond any header's: an uninitialised struct, which must not be walked.
    private const uint MaxSize = 1 << 16;

    /// <summary>Reads a struct; what the host's header did not have is zero.</summary>
    /// <param name="source">The host's struct.</param>
    /// <param name="name">Its name in the header.</param>
    /// <exception cref="PluginException">Null, a wrong version or size, or an unknown field in use.</exception>
    public static T Read<T>(void* source, string name)
        where T : unmanaged
    {
        uint size = Check<T>(source, name);
        for (uint i = (uint)sizeof(T); i < size; i++)
        {
            if (((byte*)source)[i] != 0)
            {
                throw new PluginException(
                    ResultCode.ErrorUnsupported,
                    $"{name} uses a field at byte {i} that this version of the library does not know.");
            }
        }

        T value = default;
        Buffer.MemoryCopy(source, &value, sizeof(T), Math.Min(size, (uint)sizeof(T)));
        return value;
    }

    /// <summary>Refuses a struct that cannot be written to, before any work is done.</summary>
    /// <exception cref="PluginException">Null, or a wrong version or size.</exception>
    public static uint Check<T>(void* target, string name)
        where T : unmanaged
    {
        if (target is null)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, $"{name} is null.");
        }

        var header = (StructHeader*)target;
        if (header->StructVersion != Version)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument,
                $"{name}: struct_version is {header->StructVersion}, not {Version}; DIFFUSION_INIT sets it.");
        }

        // Every struct of the first header has at least one field beside its header. A size within a field would cut a
        // pointer in half, so structs grow by whole units.
        bool isSize = header->StructSize > sizeof(StructHeader) && header->StructSize <= MaxSize
            && header->StructSize % Unit == 0;
        if (!isSize)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument,
                $"{name}: struct_size is {header->StructSize}, not {sizeof(T)}; DIFFUSION_INIT sets it.");
        }

        return header->StructSize;
    }

    /// <summary>Writes the fields that the host's header has, and zeroes those that we do not know.</summary>
    /// <param name="value">The struct; its header is left as the host's.</param>
    /// <param name="target">The host's struct, checked by <see cref="Check"/>.</param>
    public static void Write<T>(in T value, void* target)
        where T : unmanaged
    {
        uint size = ((StructHeader*)target)->StructSize;
        uint known = Math.Min(size, (uint)sizeof(T));
        fixed (T* source = &value)
        {
            int skipped = sizeof(StructHeader);
            Buffer.MemoryCopy(
                (byte*)source + skipped, (byte*)target + skipped, known - skipped, known - skipped);
        }

        new Span<byte>((byte*)target + known, (int)(size - known)).Clear();
    }
}
