using System.Diagnostics.CodeAnalysis;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>
/// Element type of a tensor in a safetensors file; the names are the format's own. All are little-endian.
/// </summary>
[SuppressMessage("Naming", "CA1707", Justification = "A header spells them so.")]
public enum SafetensorsDType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>8-bit float of 5 exponent and 2 mantissa bits.</summary>
    F8_E5M2,

    /// <summary>8-bit float of 4 exponent and 3 mantissa bits.</summary>
    F8_E4M3,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>IEEE 754 half precision.</summary>
    F16,

    /// <summary>The upper half of an IEEE 754 single.</summary>
    BF16,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>IEEE 754 single precision.</summary>
    F32,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>IEEE 754 double precision.</summary>
    F64,
}
