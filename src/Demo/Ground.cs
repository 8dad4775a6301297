using System.Numerics;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Demo;

/// <summary>The ground around the court: a surface without end, whose tiles come while the camera nears them.</summary>
/// <remarks>Owns the surface, which goes before its runtime, but not the shared textures, which go with their pass. One
/// thread. Allocates only where tiles come and go.</remarks>
internal sealed class Ground : IDisposable
{
    /// <summary>Side of what a tile shows, in metres: three quarters of its texture.</summary>
    public const float CellSize = 3f;

    /// <summary>Where a tile's mesh begins in its texture, in metres: in the middle of what it shares.</summary>
    public const float TextureOrigin = CellSize / 6f;

    // Of a tile, neighbours share a quarter: 4 m of texture every 3 m.
    private const int SharedPart = 4;
    private const float UvScale = (1f - (1f / SharedPart)) / CellSize;

    // Cells that are there to each side of the one that the camera looks over, and how far one has to be to go.
    private const int Reach = 3;
    private const int Farthest = Reach + 1;
    private const float Ahead = 2f * CellSize;
    private const int CourtCells = (int)(Hall.HalfSize / CellSize);

    private readonly DiffusionRuntime _runtime;
    private readonly EndlessSurface _surface;
    private readonly Dictionary<TextureHandle, SharedTexture> _textures = [];
    private readonly List<(int X, int Z)> _cells = [];
    private readonly Material _material;

    /// <summary>Makes a ground without tiles.</summary>
    /// <param name="generator">Generates the tiles; disposed after this.</param>
    /// <param name="className">The class that it is of.</param>
    /// <param name="edge">Size of a tile's texture in pixels, a multiple of 4.</param>
    /// <exception cref="ArgumentException">The class is unknown, or the solver cannot join tiles.</exception>
    public Ground(Generator generator, string className, int edge)
    {
        _runtime = generator.Runtime;
        _material = ClassMaterials.Of(className);
        _surface = new EndlessSurface(_runtime, new SurfaceSettings
        {
            // The hall goes first.
            Style = generator.Model.Request(edge, edge) with
            {
                ClassName = className,
                ClassLabel = null,
                EndTime = null,
                Priority = -1,
            },
            Overlap = edge / SharedPart,
        });
    }

    /// <summary>Whether a tile is still to be finished.</summary>
    public bool IsWorking { get; private set; }

    /// <summary>Textures that tiles have taken turns with.</summary>
    public int TextureCount => _textures.Count;

    /// <summary>Lets tiles come and go as the camera moves; once a frame, before the runtime's tick.</summary>
    /// <param name="camera">Where the scene is looked at from.</param>
    /// <param name="textures">Owns the textures that are drawn.</param>
    /// <param name="path">A sharing path to insist on, or null.</param>
    public void Follow(in Camera camera, SharedTexturePass textures, SharingPath? path)
    {
        // Most of what is near and seen lies ahead.
        Vector3 ahead = camera.Position + (Ahead * Vector3.Normalize(camera.Target - camera.Position));
        (int x, int z) = ((int)MathF.Floor(ahead.X / CellSize), (int)MathF.Floor(ahead.Z / CellSize));
        for (int i = _cells.Count - 1; i >= 0; i--)
        {
            (int X, int Z) cell = _cells[i];
            if (Math.Max(Math.Abs(cell.X - x), Math.Abs(cell.Z - z)) > Farthest)
            {
                _surface.Release(cell.X, cell.Z);
                _cells.RemoveAt(i);
            }
        }

        for (int dz = -Reach; dz <= Reach; dz++)
        {
            for (int dx = -Reach; dx <= Reach; dx++)
            {
                Want((x + dx, z + dz));
            }
        }

        IsWorking = _surface.Update();
        foreach ((int X, int Z) cell in _cells)
        {
            if (IsShown(cell, out TextureHandle texture) && !_textures.ContainsKey(texture))
            {
                // A tile that goes leaves its texture to the next, so that few are ever made.
                _textures.Add(texture, textures.Add(_runtime.GetSamples(texture), "ground", path));
            }
        }
    }

    /// <summary>Forgets the textures of a device that is lost; they are made anew.</summary>
    public void LeaveDevice() => _textures.Clear();

    /// <summary>Draws the tiles that have begun.</summary>
    public void Draw(MeshPass meshes, HallMeshes hall)
    {
        foreach ((int X, int Z) cell in _cells)
        {
            if (IsShown(cell, out TextureHandle texture) && _textures.TryGetValue(texture, out SharedTexture? shared))
            {
                var centre = new Vector3((cell.X + 0.5f) * CellSize, 0f, (cell.Z + 0.5f) * CellSize);
                meshes.Draw(
                    hall[HallShape.Ground], Matrix4x4.CreateTranslation(centre), shared, UvScale, _material);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _surface.Dispose();

    private void Want((int X, int Z) cell)
    {
        bool isCourt = cell is { X: >= -CourtCells and < CourtCells, Z: >= -CourtCells and < CourtCells };
        if (!isCourt && !_cells.Contains(cell))
        {
            _surface.Want(cell.X, cell.Z);
            _cells.Add(cell);
        }
    }

    private bool IsShown((int X, int Z) cell, out TextureHandle texture)
    {
        SurfaceTile tile = _surface.Get(cell.X, cell.Z);
        texture = tile.Texture;
        return tile.Status is SurfaceTileStatus.Running or SurfaceTileStatus.Completed;
    }
}
