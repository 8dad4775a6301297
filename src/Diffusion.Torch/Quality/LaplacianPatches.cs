using Diffusion.Torch.Training;

namespace Diffusion.Torch.Quality;

/// <summary>
/// Patches of a picture's Laplacian pyramid: what it looks like at three scales, wherever that stands.
/// </summary>
/// <remarks>
/// 7x7 pixels of three colours from each of three levels: the two finest differences and the remainder at a quarter of
/// the size, which has the colours. They lie inside the picture, at the same places of every one, so that a picture
/// that does not wrap shows no edge. Immutable; any thread. [Karras18, Sec. 5]
/// </remarks>
public sealed class LaplacianPatches
{
    /// <summary>Levels of the pyramid.</summary>
    public const int LevelCount = 3;

    /// <summary>Values of a patch.</summary>
    public const int Dimension = 3 * PatchEdge * PatchEdge;

    private const int PatchEdge = 7;
    private const int MaxPatches = 128;

    private readonly int _edge;
    private readonly (int X, int Y)[][] _places;

    /// <summary>Chooses the places.</summary>
    /// <param name="edge">Edge of the pictures, a multiple of 4 and at least 28.</param>
    /// <param name="seed">Of the places.</param>
    /// <exception cref="ArgumentOutOfRangeException">The edge breaks its rule.</exception>
    public LaplacianPatches(int edge, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(edge, PatchEdge << (LevelCount - 1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(edge % (1 << (LevelCount - 1)), 0, nameof(edge));
        _edge = edge;
        _places = [.. Enumerable.Range(0, LevelCount).Select(level => Places(edge >> level, seed + (ulong)level))];
    }

    /// <summary>The patches of a picture, level by level from the finest, each [N, <see cref="Dimension"/>].</summary>
    /// <param name="planar">[3, edge, edge].</param>
    /// <exception cref="ArgumentException">The length is wrong.</exception>
    public float[][] Extract(ReadOnlySpan<float> planar)
    {
        if (planar.Length != 3 * _edge * _edge)
        {
            throw new ArgumentException($"{planar.Length} values are no picture of {_edge}x{_edge}.", nameof(planar));
        }

        var levels = new float[LevelCount][];
        float[] here = planar.ToArray();
        for (int level = 0; level < LevelCount; level++)
        {
            int edge = _edge >> level;
            float[] next = [];
            if (level < LevelCount - 1)
            {
                next = Halve(here, edge);
                Subtract(here, Double(next, edge / 2));
            }

            levels[level] = Cut(here, edge, _places[level]);
            here = next;
        }

        return levels;
    }

    private static (int X, int Y)[] Places(int edge, ulong seed)
    {
        int room = edge - PatchEdge + 1;
        (int X, int Y)[] all = [.. Enumerable.Range(0, room * room).Select(i => (i % room, i / room))];
        var random = new CounterRandom(seed, edge, purpose: 1);
        int count = Math.Min(MaxPatches, all.Length);
        for (int i = 0; i < count; i++)
        {
            int other = i + random.NextInt(all.Length - i);
            (all[i], all[other]) = (all[other], all[i]);
        }

        return all[..count];
    }

    private static float[] Cut(float[] planes, int edge, (int X, int Y)[] places)
    {
        var patches = new float[places.Length * Dimension];
        int at = 0;
        foreach ((int left, int top) in places)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int y = 0; y < PatchEdge; y++)
                {
                    int from = (c * edge * edge) + ((top + y) * edge) + left;
                    planes.AsSpan(from, PatchEdge).CopyTo(patches.AsSpan(at, PatchEdge));
                    at += PatchEdge;
                }
            }
        }

        return patches;
    }

    // Means of 2x2 and their repetition: with them a level holds exactly what the coarser ones lack, and no value
    // depends on what lies beyond the picture's edge, as it would with the binomial filter of [Karras18].
    private static float[] Halve(float[] planes, int edge)
    {
        int half = edge / 2;
        var result = new float[3 * half * half];
        for (int i = 0; i < result.Length; i++)
        {
            int from = (i / half * 2 * edge) + (i % half * 2);
            result[i] = (planes[from] + planes[from + 1] + planes[from + edge] + planes[from + edge + 1]) / 4;
        }

        return result;
    }

    private static float[] Double(float[] planes, int edge)
    {
        int twice = 2 * edge;
        var result = new float[3 * twice * twice];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = planes[(i / twice / 2 * edge) + (i % twice / 2)];
        }

        return result;
    }

    private static void Subtract(float[] from, float[] what)
    {
        for (int i = 0; i < from.Length; i++)
        {
            from[i] -= what[i];
        }
    }
}
