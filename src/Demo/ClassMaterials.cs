using System.Numerics;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo;

/// <summary>
/// How the classes of the shipped model answer to light; a network that made textures knows colour alone.
/// </summary>
internal static class ClassMaterials
{
    /// <summary>The class that glows.</summary>
    public const string Lava = "lava";

    private static readonly Material _other = Material.Default;
    private static readonly Material _brick = new(Vector3.One, 0.8f, 0.03f);
    private static readonly Material _earth = new(Vector3.One, 0.95f, 0.04f);
    private static readonly Material _grass = new(new Vector3(0.8f), 0.8f, 0.04f);
    private static readonly Material _lava = new(Vector3.One, 0.65f, 0.03f, Emission: 5f);

    // Photographs of metal show it dark, for want of anything to reflect.
    private static readonly Material _metal = new(new Vector3(22f), 0.3f, 0.006f, Metalness: 1f);
    private static readonly Material _paving = new(Vector3.One, 0.5f, 0.03f);
    private static readonly Material _rock = new(Vector3.One, 0.7f, 0.04f);
    private static readonly Material _sand = new(Vector3.One, 0.9f, 0.03f);
    private static readonly Material _ice = new(new Vector3(0.9f), 0.35f, 0.02f);
    private static readonly Material _tiles = new(Vector3.One, 0.25f, 0.02f);
    private static readonly Material _wood = new(Vector3.One, 0.4f, 0.015f);

    /// <summary>The material of a class; <see cref="Material.Default"/> for one unknown.</summary>
    public static ref readonly Material Of(string className)
    {
        switch (className)
        {
            case "brick":
                return ref _brick;
            case "dirt" or "forest_floor":
                return ref _earth;
            case "grass":
                return ref _grass;
            case Lava:
                return ref _lava;
            case "metal":
                return ref _metal;
            case "paving":
                return ref _paving;
            case "rock":
                return ref _rock;
            case "sand":
                return ref _sand;
            case "snow_ice":
                return ref _ice;
            case "tiles":
                return ref _tiles;
            case "wood":
                return ref _wood;
            default:
                return ref _other;
        }
    }
}
