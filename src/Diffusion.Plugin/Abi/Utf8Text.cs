using System.Runtime.InteropServices;
using System.Text;
using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin.Abi;

/// <summary>Texts across the boundary: UTF-8 with a final zero.</summary>
internal static unsafe class Utf8Text
{
    /// <summary>The longest text that is read, in bytes with its zero.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Reads a text; null stays null.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The field's name, for the error.</param>
    /// <exception cref="PluginException">No zero within <see cref="MaxBytes"/>, or not UTF-8.</exception>
    public static string? Read(byte* text, string name)
    {
        if (text is null)
        {
            return null;
        }

        // Byte by byte, for the pages behind the zero may not be there.
        int length = 0;
        while (text[length] != 0)
        {
            if (++length == MaxBytes)
            {
                throw new PluginException(
                    ResultCode.ErrorInvalidArgument, $"{name} has no zero within {MaxBytes} bytes.");
            }
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text, length);
        }
        catch (DecoderFallbackException)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, $"{name} is not UTF-8.");
        }
    }

    /// <summary>Copies a text, cut at a character's end, with a final zero.</summary>
    /// <param name="text">The text.</param>
    /// <param name="target">At least one byte.</param>
    public static void Copy(string text, Span<byte> target)
    {
        Encoding.UTF8.GetEncoder().Convert(text, target[..^1], flush: true, out _, out int written, out _);
        target[written] = 0;
    }

    /// <summary>Texts in native memory that is never freed, for lists that hosts keep.</summary>
    public static byte** Immortal(IReadOnlyList<string> texts)
    {
        var list = (byte**)NativeMemory.Alloc((nuint)Math.Max(texts.Count, 1), (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            list[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return list;
    }

    /// <summary>Reads a list of texts.</summary>
    /// <exception cref="PluginException">A text is null or too long, or there are more than 1,024.</exception>
    public static string[] ReadList(byte** texts, uint count, string name)
    {
        const uint MaxCount = 1024;
        if (count > MaxCount || (count > 0 && texts is null))
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, texts is null
                ? $"{name} is null and its count is {count}."
                : $"{name} has {count} entries; {MaxCount} are the most.");
        }

        var result = new string[count];
        for (uint i = 0; i < count; i++)
        {
            result[i] = Read(texts[i], $"{name}[{i}]") ?? throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"{name}[{i}] is null.");
        }

        return result;
    }
}
