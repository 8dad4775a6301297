using System.Numerics;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo;

/// <summary>
/// The scene: a square court of twelve materials. Six pedestals stand around a plinth with a ball that glows if it is
/// lava; beams above cast the sun's light into stripes.
/// </summary>
/// <remarks>Units are metres. Walls show from inside only, so that a camera outside looks in.</remarks>
internal static class Hall
{
    /// <summary>Half a side of the court.</summary>
    public const float HalfSize = 6f;

    /// <summary>Height of the walls.</summary>
    public const float WallHeight = 3.6f;

    /// <summary>Height of the panels below.</summary>
    public const float PanelHeight = 0.9f;

    /// <summary>Width of the plinth.</summary>
    public const float PlinthWidth = 2.4f;

    /// <summary>Height of the plinth.</summary>
    public const float PlinthHeight = 0.3f;

    /// <summary>Radius of the ball on the plinth.</summary>
    public const float BallRadius = 0.95f;

    /// <summary>Width of a pedestal.</summary>
    public const float PedestalWidth = 1.05f;

    /// <summary>Height of a pedestal.</summary>
    public const float PedestalHeight = 0.75f;

    /// <summary>Width of what stands on a pedestal.</summary>
    public const float ObjectSize = 1.1f;

    /// <summary>The surface that is the floor's first quarter; the others follow.</summary>
    public const int FirstFloor = 10;

    private const int PedestalCount = 6;
    private const float PedestalDistance = 3.5f;
    private const int BeamCount = 5;
    private const int Ball = 5;
    private const int ObjectCount = 7;

    private static readonly SceneLight _light = new()
    {
        Direction = new Vector3(0.75f, 1f, 0.35f),
        Colour = new Vector3(3.1f, 2.45f, 1.75f),
        Sky = new Vector3(0.42f, 0.56f, 0.82f),
        Ground = new Vector3(0.2f, 0.15f, 0.11f),
        LampPosition = new Vector3(0f, PlinthHeight + BallRadius, 0f),
        LampRadius = BallRadius,
        OpeningSize = 2f * HalfSize,
        OpeningHeight = WallHeight,
        BackgroundTop = new Vector3(0.12f, 0.24f, 0.48f),
        BackgroundBottom = new Vector3(0.5f, 0.6f, 0.68f),
        FogDensity = 0f,
        ShadowRadius = 9f,
        ShadowCentre = new Vector3(0f, 1f, 0f),
    };

    private static readonly SceneLight _lightWithLamp = _light with { LampColour = new Vector3(3.6f, 0.9f, 0.14f) };

    /// <summary>The centre of a pedestal's foot.</summary>
    public static IEnumerable<Vector2> Pedestals => Enumerable.Range(0, PedestalCount).Select(PedestalAt);

    /// <summary>The quarter of the floor below a point, or -1 outside the court.</summary>
    public static int QuarterAt(Vector3 point)
    {
        if (MathF.Max(MathF.Abs(point.X), MathF.Abs(point.Z)) > HalfSize)
        {
            return -1;
        }

        return point.Z >= 0f ? point.X >= 0f ? 0 : 1 : point.X < 0f ? 2 : 3;
    }

    /// <summary>The middle of a quarter of the floor.</summary>
    public static Vector3 CentreOfQuarter(int quarter)
        => new Vector3(quarter is 0 or 3 ? 0.5f : -0.5f, 0f, quarter < 2 ? 0.5f : -0.5f) * HalfSize;

    /// <summary>The light, with the lamp's if the ball is lava.</summary>
    public static SceneLight LightFor(SurfaceSet surfaces)
        => surfaces.ClassName(surfaces.Surfaces[Ball]) == ClassMaterials.Lava ? _lightWithLamp : _light;

    /// <summary>Makes the surfaces.</summary>
    /// <param name="classNames">The model's classes; each surface takes its favourite or the one at its place.</param>
    /// <param name="firstClass">A class that every object takes, or null.</param>
    /// <param name="seed">Seed of the first surface; the others count on.</param>
    public static Surface[] CreateSurfaces(IReadOnlyList<string> classNames, string? firstClass, ulong seed)
    {
        (string Name, string Favourite, SurfacePart[] Parts)[] things =
        [
            ("pedestal 1", "rock", [OnPedestal(0, HallShape.Sphere)]),
            ("pedestal 2", "wood", [OnPedestal(1, HallShape.Cube)]),
            ("pedestal 3", "metal", [OnPedestal(2, HallShape.Cylinder)]),
            ("pedestal 4", "grass", [OnPedestal(3, HallShape.Sphere)]),
            ("pedestal 5", "dirt", [OnPedestal(4, HallShape.Cube)]),
            ("ball", ClassMaterials.Lava, [BallPart()]),
            ("pedestal 6", "snow_ice", [OnPedestal(5, HallShape.Cylinder)]),
            ("walls", "brick", [.. Walls(HallShape.Wall, PanelHeight, WallHeight, 0.7f)]),
            ("panels", "forest_floor", [.. Walls(HallShape.Panel, 0f, PanelHeight, 1f / PanelHeight), .. Beams()]),
            ("stands", "sand", [.. Stands()]),
            ("floor 1", "paving", [Floor(0)]),
            ("floor 2", "tiles", [Floor(1)]),
            ("floor 3", "paving", [Floor(2)]),
            ("floor 4", "tiles", [Floor(3)]),
        ];

        var surfaces = new Surface[things.Length];
        for (int i = 0; i < things.Length; i++)
        {
            var thing = things[i];
            bool isObject = i < ObjectCount;
            surfaces[i] = new Surface
            {
                Name = thing.Name,
                Parts = thing.Parts,
                ClassLabel = LabelOf(classNames, (isObject ? firstClass : null) ?? thing.Favourite, i),
                Seed = seed + (ulong)i,
            };
        }

        return surfaces;
    }

    private static Vector2 PedestalAt(int index)
    {
        (float sin, float cos) = MathF.SinCos(2f * MathF.PI * (index + 0.5f) / PedestalCount);
        return new Vector2(sin, cos) * PedestalDistance;
    }

    private static SurfacePart OnPedestal(int index, HallShape shape)
    {
        Vector2 foot = PedestalAt(index);
        var centre = new Vector3(foot.X, PedestalHeight + (ObjectSize / 2f), foot.Y);
        float turns = index % 2 == 0 ? 0.02f : -0.02f;
        return new SurfacePart(
            shape, Matrix4x4.CreateScale(ObjectSize) * Matrix4x4.CreateTranslation(centre),
            shape == HallShape.Sphere ? 1.5f : 1f, turns);
    }

    private static SurfacePart BallPart() => new(
        HallShape.Sphere,
        Matrix4x4.CreateScale(2f * BallRadius) * Matrix4x4.CreateTranslation(0f, PlinthHeight + BallRadius, 0f),
        2f,
        0.01f);

    private static IEnumerable<SurfacePart> Walls(HallShape shape, float bottom, float top, float uvScale)
    {
        // A plane's normal points up; stood upright it points along z, away from the wall at -z.
        Matrix4x4 upright = Matrix4x4.CreateRotationX(MathF.PI / 2f)
            * Matrix4x4.CreateTranslation(0f, (bottom + top) / 2f, -HalfSize);
        for (int side = 0; side < 4; side++)
        {
            yield return new SurfacePart(shape, upright * Matrix4x4.CreateRotationY(side * MathF.PI / 2f), uvScale);
        }
    }

    private static IEnumerable<SurfacePart> Beams()
    {
        for (int i = 0; i < BeamCount; i++)
        {
            float z = HalfSize * ((2f * (i + 0.5f) / BeamCount) - 1f);
            yield return new SurfacePart(HallShape.Beam, Matrix4x4.CreateTranslation(0f, WallHeight + 0.12f, z), 1f);
        }
    }

    private static IEnumerable<SurfacePart> Stands()
    {
        yield return new SurfacePart(
            HallShape.Plinth, Matrix4x4.CreateTranslation(0f, PlinthHeight / 2f, 0f), 0.8f);
        for (int i = 0; i < PedestalCount; i++)
        {
            Vector2 foot = PedestalAt(i);
            yield return new SurfacePart(
                HallShape.Pedestal,
                Matrix4x4.CreateRotationY(MathF.Atan2(foot.X, foot.Y))
                    * Matrix4x4.CreateTranslation(foot.X, PedestalHeight / 2f, foot.Y),
                1f);
        }
    }

    private static SurfacePart Floor(int quarter) => new(
        HallShape.Floor + quarter,
        Matrix4x4.CreateTranslation(CentreOfQuarter(quarter)),
        0.75f);

    private static int LabelOf(IReadOnlyList<string> classNames, string name, int place)
    {
        for (int label = 0; label < classNames.Count; label++)
        {
            if (classNames[label].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return label;
            }
        }

        return classNames.Count == 0 ? 0 : place % classNames.Count;
    }
}
