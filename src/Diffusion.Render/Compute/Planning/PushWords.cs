using System.Runtime.CompilerServices;

namespace Diffusion.Render.Compute.Planning;

/// <summary>Push constants: 32 words, the 128 bytes that every device has.</summary>
[InlineArray(Capacity)]
internal struct PushWords
{
    public const int Capacity = 32;

    private uint _first;

    /// <summary>Integers as they are; floats by their bits.</summary>
    public static PushWords Of(params ReadOnlySpan<uint> words)
    {
        PushWords push = default;
        words.CopyTo(push);
        return push;
    }

    public static uint Bits(double value) => BitConverter.SingleToUInt32Bits((float)value);
}
