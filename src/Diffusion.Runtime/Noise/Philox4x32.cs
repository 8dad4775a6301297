using System.Runtime.CompilerServices;

namespace Diffusion.Runtime.Noise;

/// <summary>
/// Philox4x32-10: a counter-based generator, four random words as a pure function of counter and key. [Salmon11]
/// </summary>
/// <remarks>Ten rounds pass all of BigCrush. Any thread; allocates nothing.</remarks>
public static class Philox4x32
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Turns the counter, in place, into the four words that belong to it.</summary>
    /// <param name="c0">Counter word 0 in, random word 0 out.</param>
    /// <param name="c1">Counter word 1 in, random word 1 out.</param>
    /// <param name="c2">Counter word 2 in, random word 2 out.</param>
    /// <param name="c3">Counter word 3 in, random word 3 out.</param>
    /// <param name="key0">Key word 0.</param>
    /// <param name="key1">Key word 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Generate(ref uint c0, ref uint c1, ref uint c2, ref uint c3, uint key0, uint key1)
    {
        (uint r0, uint r1, uint r2, uint r3) = (c0, c1, c2, c3);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * r0;
            ulong product1 = (ulong)Multiplier1 * r2;
            r0 = (uint)(product1 >> 32) ^ r1 ^ key0;
            r1 = (uint)product1;
            r2 = (uint)(product0 >> 32) ^ r3 ^ key1;
            r3 = (uint)product0;
            unchecked
            {
                key0 += Weyl0;
                key1 += Weyl1;
            }
        }

        (c0, c1, c2, c3) = (r0, r1, r2, r3);
    }
}
