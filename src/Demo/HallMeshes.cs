using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo;

/// <summary>The meshes of the hall, with the light that reaches their vertices.</summary>
/// <remarks>Owns the meshes.</remarks>
internal sealed class HallMeshes : IDisposable
{
    private const float FloorCell = 0.4f;
    private const float WallCell = 0.6f;
    private const float Bevel = 0.03f;

    private readonly Mesh[] _meshes = new Mesh[(int)HallShape.Count];

    /// <summary>Builds the meshes.</summary>
    public HallMeshes(VulkanDevice device)
    {
        const float Half = Hall.HalfSize;
        for (int quarter = 0; quarter < 4; quarter++)
        {
            Vector3 centre = Hall.CentreOfQuarter(quarter);
            _meshes[(int)HallShape.Floor + quarter] = MeshBuilder.Rectangle(
                device, new Vector2(Half), FloorCell, (p, _) => HallOpenness.OfFloor(p + centre));
        }

        this[HallShape.Wall] = Wall(device, Hall.PanelHeight, Hall.WallHeight);
        this[HallShape.Panel] = Wall(device, 0f, Hall.PanelHeight);
        this[HallShape.Beam] = MeshBuilder.Box(device, new Vector3((2f * Half) + 0.5f, 0.24f, 0.2f), 0.02f);
        this[HallShape.Plinth] = MeshBuilder.Box(
            device, new Vector3(Hall.PlinthWidth, Hall.PlinthHeight, Hall.PlinthWidth), Bevel,
            (p, normal) => HallOpenness.OfStand(p, normal, Hall.PlinthHeight, Hall.BallRadius));
        this[HallShape.Pedestal] = MeshBuilder.Box(
            device, new Vector3(Hall.PedestalWidth, Hall.PedestalHeight, Hall.PedestalWidth), Bevel,
            (p, normal) => HallOpenness.OfStand(p, normal, Hall.PedestalHeight, Hall.ObjectSize / 2f));
        this[HallShape.Cube] = MeshBuilder.Cube(device, Bevel, HallOpenness.OfObject);
        this[HallShape.Sphere] = MeshBuilder.Sphere(device, 24, openness: HallOpenness.OfObject);
        this[HallShape.Ground] = MeshBuilder.Rectangle(
            device, new Vector2(Ground.CellSize), Ground.CellSize,
            textureOrigin: new Vector2(Ground.TextureOrigin));
        this[HallShape.Cylinder] = MeshBuilder.Cylinder(device, bevel: Bevel, openness: HallOpenness.OfObject);
    }

    /// <summary>The mesh of a shape.</summary>
    public Mesh this[HallShape shape]
    {
        get => _meshes[(int)shape];
        private init => _meshes[(int)shape] = value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Mesh mesh in _meshes)
        {
            mesh.Dispose();
        }
    }

    private static Mesh Wall(VulkanDevice device, float bottom, float top) => MeshBuilder.Rectangle(
        device, new Vector2(2f * Hall.HalfSize, top - bottom), WallCell,
        (p, _) => HallOpenness.OfWall(new Vector3(p.X, ((bottom + top) / 2f) - p.Z, -Hall.HalfSize)));
}
