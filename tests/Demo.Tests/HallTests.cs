using System.Numerics;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo.Tests;

public sealed class HallTests
{
    public static TheoryData<float, float, float, float, float, float> Points => new()
    {
        { 0, 0, 0, 0, 1, 0 },
        { 5.9f, 0, 5.9f, 0, 1, 0 },
        { -3, 0.3f, 2, 0, 1, 0 },
        { 0, 1.5f, -6, 0, 0, 1 },
        { 4, 3.4f, -6, 0, 0, 1 },
    };

    [Theory]
    [MemberData(nameof(Points))]
    public void SkyShare_AtAPoint_EqualsTheIntegralOverDirections(
        float x, float y, float z, float normalX, float normalY, float normalZ)
    {
        const int Rings = 400; // midpoints of cells of equal cosine-weighted angle
        const double Tolerance = 0.004; // cells that the opening's edge cuts
        var normal = new Vector3(normalX, normalY, normalZ);
        Vector3 right = normalY > 0 ? Vector3.UnitX : Vector3.UnitY;
        Vector3 up = Vector3.Cross(normal, right);
        int seen = 0;
        for (int i = 0; i < Rings; i++)
        {
            // sin² θ even and φ even is cosine-weighted.
            double sine = Math.Sqrt((i + 0.5) / Rings);
            for (int j = 0; j < Rings; j++)
            {
                (double sin, double cos) = Math.SinCos(2 * Math.PI * (j + 0.5) / Rings);
                Vector3 ray = (right * (float)(sine * cos)) + (up * (float)(sine * sin))
                    + (normal * (float)Math.Sqrt(1 - (sine * sine)));
                float distance = (Hall.WallHeight - y) / ray.Y;
                bool hits = ray.Y > 0
                    && Math.Abs(x + (ray.X * distance)) <= Hall.HalfSize
                    && Math.Abs(z + (ray.Z * distance)) <= Hall.HalfSize;
                seen += hits ? 1 : 0;
            }
        }

        Assert.Equal(
            (double)seen / (Rings * Rings), HallOpenness.SkyShare(new Vector3(x, y, z), normal), Tolerance);
    }

    [Fact]
    public void CreateSurfaces_TwelveClasses_ShowsEachOfThem()
    {
        string[] classes =
        [
            "brick", "dirt", "forest_floor", "grass", "lava", "metal", "paving", "rock", "sand", "snow_ice", "tiles",
            "wood",
        ];

        Surface[] surfaces = Hall.CreateSurfaces(classes, null, 0);

        Assert.Equal(classes.Length, surfaces.Select(surface => surface.ClassLabel).Distinct().Count());
        Assert.Equal(surfaces.Length, surfaces.Select(surface => surface.Seed).Distinct().Count());
        Assert.StartsWith("floor", surfaces[Hall.FirstFloor].Name, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateSurfaces_ClassOfAll_LeavesTheBuildingAlone()
    {
        Surface[] surfaces = Hall.CreateSurfaces(["sand", "lava", "paving", "tiles", "brick"], "lava", 0);

        Assert.All(surfaces[..7], surface => Assert.Equal(1, surface.ClassLabel));
        Assert.All(surfaces[7..], surface => Assert.NotEqual(1, surface.ClassLabel));
    }

    [Fact]
    public void Fly_FromTheOrbit_BeginsWhereItWasAndMovesForward()
    {
        const float Tolerance = 1e-4f;
        var camera = new HallCamera();
        Camera orbit = camera.At(3);
        Vector3 ahead = Vector3.Normalize(orbit.Target - orbit.Position);

        camera.Fly(3, new Vector3(0, 0, 2), Vector2.Zero);

        Camera flown = camera.At(100);
        Assert.Equal(0, Vector3.Distance(orbit.Position + (ahead * 2), flown.Position), Tolerance);
        Assert.Equal(0, Vector3.Distance(ahead, Vector3.Normalize(flown.Target - flown.Position)), Tolerance);
        camera.Orbit();
        Assert.Equal(orbit, camera.At(3));
    }

    [Fact]
    public void Fly_TurnedRightAndUp_LooksThere()
    {
        var camera = new HallCamera();
        camera.Fly(0, Vector3.Zero, Vector2.Zero);
        Camera before = camera.At(0);
        Vector3 ahead = before.Target - before.Position;
        Vector3 right = Vector3.Cross(ahead, Vector3.UnitY);

        camera.Fly(0, Vector3.Zero, new Vector2(0.2f, 0.1f));

        Vector3 after = camera.At(0).Target - before.Position;
        Assert.True(Vector3.Dot(after, right) > 0);
        Assert.True(after.Y > ahead.Y);
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(-1, 1, 1)]
    [InlineData(-1, -1, 2)]
    [InlineData(1, -1, 3)]
    [InlineData(7, 0, -1)]
    public void QuarterAt_Point_IsTheFloorPieceBelow(float x, float z, int quarter)
    {
        Assert.Equal(quarter, Hall.QuarterAt(new Vector3(x, 1.7f, z)));

        // Where that piece of the floor really lies.
        if (quarter >= 0)
        {
            Vector3 centre = Hall.CreateSurfaces([], null, 0)[Hall.FirstFloor + quarter].Parts[0].Placement.Translation;
            Assert.True(centre.X * x > 0 && centre.Z * z > 0);
        }
    }
}
