using System.Buffers.Binary;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>Conversions between a file's little-endian floats and <see cref="float"/>.</summary>
/// <remarks>Sources need no alignment: a foreign header may have any length.</remarks>
internal static class FloatConversion
{
    public static void FromF32(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
        }
    }

    public static void FromF16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
        }
    }

    /// <summary>
    /// A bfloat16 is a single without its lower 16 bits, so subnormals, infinities and NaN need no care.
    /// </summary>
    public static void FromBF16(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            uint bits = (uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16;
            destination[i] = BitConverter.UInt32BitsToSingle(bits);
        }
    }

    /// <summary>Rounds to nearest; beyond single's range becomes an infinity.</summary>
    public static void FromF64(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
        }
    }

    public static void ToF32(ReadOnlySpan<float> source, Span<byte> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(destination[(4 * i)..], source[i]);
        }
    }

    /// <summary>
    /// Rounds to nearest even; returns the index of the first finite value that overflows to infinity, or -1.
    /// </summary>
    public static int ToF16(ReadOnlySpan<float> source, Span<byte> destination)
    {
        int overflow = -1;
        for (int i = 0; i < source.Length; i++)
        {
            var half = (Half)source[i];
            if (Half.IsInfinity(half) && float.IsFinite(source[i]) && overflow < 0)
            {
                overflow = i;
            }

            BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], half);
        }

        return overflow;
    }
}
