using System.Numerics;

namespace Diffusion.Demo;

/// <summary>
/// How much of the light around reaches a point of the hall, in closed form: the share of the sky that the walls leave,
/// times what each thing nearby leaves of it.
/// </summary>
/// <remarks>Ambient occlusion for what does not move, evaluated once for each vertex; a pass in screen space would cost
/// each frame what the textures could use.</remarks>
internal static class HallOpenness
{
    // What a point in the middle of the court sees of everything: objects stand high and free.
    private const float Object = 0.85f;

    private static readonly Vector3[] _sky =
    [
        new(-Hall.HalfSize, Hall.WallHeight, -Hall.HalfSize),
        new(-Hall.HalfSize, Hall.WallHeight, Hall.HalfSize),
        new(Hall.HalfSize, Hall.WallHeight, Hall.HalfSize),
        new(Hall.HalfSize, Hall.WallHeight, -Hall.HalfSize),
    ];

    private static readonly Vector2[] _pedestals = [.. Hall.Pedestals];

    /// <summary>Of a point of the floor.</summary>
    public static float OfFloor(Vector3 point)
    {
        float open = SkyShare(point, Vector3.UnitY)
            * Beside(point, Vector2.Zero, Hall.PlinthWidth, Hall.PlinthHeight)
            * Below(point, new Vector3(0f, Hall.PlinthHeight + Hall.BallRadius, 0f), Hall.BallRadius);
        foreach (Vector2 foot in _pedestals)
        {
            open *= Beside(point, foot, Hall.PedestalWidth, Hall.PedestalHeight + (Hall.ObjectSize / 2f));
        }

        return open;
    }

    /// <summary>Of a point of the wall at -z: a wall sees half of the sky at best.</summary>
    public static float OfWall(Vector3 point)
        => MathF.Min(1f, 2f * SkyShare(point, Vector3.UnitZ)) * Above(point.Y, 0.8f, 0.6f);

    /// <summary>Of a point of a stand, in its own space, with a ball of some radius on it.</summary>
    public static float OfStand(Vector3 point, Vector3 normal, float height, float ballRadius)
    {
        Vector3 ball = new(0f, (height / 2f) + ballRadius, 0f);
        return Object * (normal.Y > 0.5f ? Below(point, ball, ballRadius) : Above(point.Y + (height / 2f), 0.5f, 0.5f));
    }

    /// <summary>Of a point of an object of size 1 around the origin, which stands on something.</summary>
    public static float OfObject(Vector3 point, Vector3 normal)
        => Object * Above(point.Y + 0.5f, 0.45f, 0.15f + (0.35f * MathF.Max(0f, -normal.Y)));

    /// <summary>
    /// Lambert's form factor of the opening above the court: the cosine-weighted share of the half-space over a point.
    /// </summary>
    public static float SkyShare(Vector3 point, Vector3 normal)
    {
        // Points at the very edge of the opening would make a side of length 0.
        Vector3 from = point with { Y = MathF.Min(point.Y, Hall.WallHeight - 0.01f) };
        float sum = 0f;
        Vector3 last = Vector3.Normalize(_sky[^1] - from);
        foreach (Vector3 corner in _sky)
        {
            Vector3 next = Vector3.Normalize(corner - from);
            Vector3 across = Vector3.Cross(last, next);
            float sine = across.Length();
            if (sine > 1e-5f)
            {
                sum += MathF.Atan2(sine, Vector3.Dot(last, next)) * Vector3.Dot(across, normal) / sine;
            }

            last = next;
        }

        return Math.Clamp(MathF.Abs(sum) / (2f * MathF.PI), 0f, 1f);
    }

    /// <summary>
    /// What a square block beside a point of the floor leaves: 1 - (1 - d / √(d² + h²)) / 2, as for an endless
    /// wall of its height, for the share of the horizon that it takes.
    /// </summary>
    private static float Beside(Vector3 point, Vector2 foot, float width, float height)
    {
        float half = width / 2f;
        Vector2 from = Vector2.Abs(new Vector2(point.X, point.Z) - foot) - new Vector2(half);
        float distance = Vector2.Max(from, Vector2.Zero).Length() + 0.001f;
        float wall = 0.5f * (1f - (distance / MathF.Sqrt((distance * distance) + (height * height))));
        return 1f - (wall * MathF.Atan(half / distance) * 2f / MathF.PI);
    }

    /// <summary>What a ball above a horizontal point leaves: 1 - cos θ (r / d)², exact while none of it sets.</summary>
    private static float Below(Vector3 point, Vector3 ball, float radius)
    {
        Vector3 to = ball - point;
        float square = to.LengthSquared();
        return 1f - Math.Clamp(to.Y / MathF.Sqrt(square) * radius * radius / square, 0f, 0.95f);
    }

    /// <summary>From <paramref name="least"/> at the ground to 1 at <paramref name="reach"/> above it.</summary>
    private static float Above(float height, float least, float reach)
    {
        float t = Math.Clamp(height / reach, 0f, 1f);
        return least + ((1f - least) * t * t * (3f - (2f * t)));
    }
}
