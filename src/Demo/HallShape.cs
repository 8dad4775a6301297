namespace Diffusion.Demo;

/// <summary>Which of the scene's meshes a surface has.</summary>
internal enum SurfaceShape
{
    /// <summary>The floor.</summary>
    Plane,

    /// <summary>A cube of edge 1.</summary>
    Cube,

    /// <summary>A sphere of diameter 1.</summary>
    Sphere,
}
