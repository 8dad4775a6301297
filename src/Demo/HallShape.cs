namespace Diffusion.Demo;

/// <summary>The hall's meshes.</summary>
internal enum HallShape
{
    /// <summary>A quarter of the floor, the one towards +x and +z; the others follow.</summary>
    Floor,

    /// <summary>The quarter towards -x and +z.</summary>
    Floor2,

    /// <summary>The quarter towards -x and -z.</summary>
    Floor3,

    /// <summary>The quarter towards +x and -z.</summary>
    Floor4,

    /// <summary>The upper part of a wall.</summary>
    Wall,

    /// <summary>The panels at a wall's foot.</summary>
    Panel,

    /// <summary>A beam from wall to wall.</summary>
    Beam,

    /// <summary>What the lamp rests on.</summary>
    Plinth,

    /// <summary>What the other objects stand on.</summary>
    Pedestal,

    /// <summary>A cube of edge 1.</summary>
    Cube,

    /// <summary>A sphere of diameter 1.</summary>
    Sphere,

    /// <summary>A cylinder of diameter and height 1.</summary>
    Cylinder,

    /// <summary>A cell of the ground around the court.</summary>
    Ground,

    /// <summary>How many there are.</summary>
    Count,
}
