namespace Diffusion.Runtime.Models.Configuration;

/// <summary>Makes strict JSON of what Python's <c>json.dump</c> writes.</summary>
/// <remarks>diffusers saves some schedulers with a bare <c>-Infinity</c>, which JSON does not have.</remarks>
internal static class PythonJson
{
    /// <summary>Overwrites <c>Infinity</c> and <c>-Infinity</c> outside strings by <c>null</c>.</summary>
    public static void Normalize(Span<byte> json)
    {
        bool inString = false;
        for (int i = 0; i < json.Length; i++)
        {
            if (json[i] == (byte)'"')
            {
                inString = !inString;
            }
            else if (inString)
            {
                // A quote behind a backslash does not end the string.
                i += json[i] == (byte)'\\' ? 1 : 0;
            }
            else if (!Replace(json[i..], "-Infinity"u8))
            {
                Replace(json[i..], "Infinity"u8);
            }
        }
    }

    private static bool Replace(Span<byte> json, ReadOnlySpan<byte> literal)
    {
        if (!json.StartsWith(literal))
        {
            return false;
        }

        json[..literal.Length].Fill((byte)' ');
        "null"u8.CopyTo(json);
        return true;
    }
}
