using System.Numerics;
using Diffusion.Cli.Generation;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Demo;

/// <summary>The scene's surfaces and their textures: what the keys change.</summary>
/// <remarks>Owns neither: the shared textures go with the pass that they were attached to.</remarks>
internal sealed class SurfaceSet
{
    private const int Nowhere = -2;

    private readonly CanvasSize _size;
    private DiffusionRuntime _runtime;
    private LoadedModel _model;
    private readonly Surface[] _surfaces;
    private bool _isRetuned;
    private int _quarter = Nowhere;

    /// <summary>Submits a texture for each surface.</summary>
    public SurfaceSet(Generator generator, CanvasSize size, Surface[] surfaces)
    {
        _runtime = generator.Runtime;
        _model = generator.Model;
        _size = size;
        _surfaces = surfaces;
        Solver = _model.CreateSolver();
        Steps = _model.Steps;
        Submit();
    }

    /// <summary>The surfaces in drawing order.</summary>
    public ReadOnlySpan<Surface> Surfaces => _surfaces;

    /// <summary>The surface that keys act on.</summary>
    public int Selected { get; private set; }

    /// <summary>Solver of every texture.</summary>
    public Solver Solver { get; private set; }

    /// <summary>Steps of every texture.</summary>
    public int Steps { get; private set; }

    /// <summary>Whether chains stand still.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>What surfaces show.</summary>
    public SampleView Display { get; private set; }

    /// <summary>How long a change of what surfaces show takes to come in.</summary>
    public TimeSpan Fade { get; private set; }

    /// <summary>Class of a surface in words.</summary>
    public string ClassName(Surface surface) =>
        _model.Folder.ClassNames.Count == 0 ? "texture" : _model.Folder.ClassNames[surface.ClassLabel];

    /// <summary>How far a surface's texture is.</summary>
    public TextureProgress Progress(Surface surface) => _runtime.GetProgress(surface.Handle);

    /// <summary>Whether any chain still has work.</summary>
    public bool IsWorking
    {
        get
        {
            foreach (Surface surface in _surfaces)
            {
                if (Progress(surface).Status is ChainStatus.Running or ChainStatus.Waiting)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether any texture has something to show, if only its noise.</summary>
    public bool HasImages => _surfaces.Any(surface => Progress(surface).Generation > 0);

    /// <summary>Submits every surface's texture anew, to the generator that follows a lost one.</summary>
    public void Restart(Generator generator)
    {
        _runtime = generator.Runtime;
        _model = generator.Model;
        Submit();
    }

    /// <summary>Gives every surface a texture on a device, the first one or one after a loss.</summary>
    /// <param name="textures">Owns the textures from now on.</param>
    /// <param name="path">A sharing path to insist on, or null.</param>
    public void Attach(SharedTexturePass textures, SharingPath? path)
    {
        foreach (Surface surface in _surfaces)
        {
            surface.Texture = textures.Add(_runtime.GetSamples(surface.Handle), surface.Name, path);
            surface.Texture.Display = Display;
            surface.Texture.Fade = Fade;
        }
    }

    /// <summary>Picks the surface that keys act on; an index past the last does nothing.</summary>
    public void Select(int index) => Selected = index < _surfaces.Length ? index : Selected;

    /// <summary>Gives the selected surface another class.</summary>
    /// <param name="direction">1 for the next, -1 for the previous.</param>
    public void ChangeClass(int direction)
    {
        int count = _model.Folder.ClassNames.Count;
        if (count > 0)
        {
            Surface surface = _surfaces[Selected];
            surface.ClassLabel = (surface.ClassLabel + direction + count) % count;
            Restart(surface);
        }
    }

    /// <summary>Gives the selected surface another seed.</summary>
    public void Reseed()
    {
        _surfaces[Selected].Seed++;
        Restart(_surfaces[Selected]);
    }

    /// <summary>Gives every surface another seed.</summary>
    public void ReseedAll()
    {
        foreach (Surface surface in _surfaces)
        {
            surface.Seed++;
            Restart(surface);
        }
    }

    /// <summary>Generates the part of the floor anew that a walker steps on.</summary>
    /// <param name="position">Where the walker is, in metres.</param>
    public void WalkTo(Vector3 position)
    {
        int quarter = Hall.QuarterAt(position);
        if (quarter == _quarter)
        {
            return;
        }

        bool isFirst = _quarter == Nowhere;
        _quarter = quarter;
        if (quarter >= 0 && !isFirst)
        {
            Surface floor = _surfaces[Hall.FirstFloor + quarter];
            floor.Seed += (ulong)_surfaces.Length;
            Restart(floor);
        }
    }

    /// <summary>Changes the solver and starts every texture again; a distilled network keeps its own.</summary>
    /// <param name="name">One of the catalogue's; it keeps what the command line said of its noise.</param>
    public void ChangeSolver(string name)
    {
        if (_model.Folder.Description.DistilledSteps.Count > 0)
        {
            return;
        }

        Solver = _model.SolverOf(name);
        Retune();
    }

    /// <summary>Changes the step count, and starts every texture again with it.</summary>
    public void ChangeSteps(int steps)
    {
        Steps = Math.Clamp(steps, 1, 200);
        Retune();
    }

    /// <summary>Stops or resumes every chain.</summary>
    public void TogglePause()
    {
        IsPaused = !IsPaused;
        foreach (Surface surface in _surfaces)
        {
            if (IsPaused)
            {
                _runtime.Pause(surface.Handle);
            }
            else
            {
                _runtime.Resume(surface.Handle);
            }
        }
    }

    /// <summary>Shows x_t or the predicted clean image.</summary>
    public void Show(SampleView view)
    {
        Display = view;
        foreach (Surface surface in _surfaces)
        {
            surface.Texture.Display = view;
        }
    }

    /// <summary>Lets changes come in over a time, or at once.</summary>
    public void FadeIn(TimeSpan fade)
    {
        Fade = fade;
        foreach (Surface surface in _surfaces)
        {
            surface.Texture.Fade = fade;
        }
    }

    private void Submit()
    {
        foreach (Surface surface in _surfaces)
        {
            surface.Handle = _runtime.Submit(RequestFor(surface));
            if (IsPaused)
            {
                _runtime.Pause(surface.Handle);
            }
        }
    }

    private void Retune()
    {
        _isRetuned = true;
        foreach (Surface surface in _surfaces)
        {
            Restart(surface);
        }
    }

    // Size, seamlessness and guidance stay, so the ring stays and readers need not let go.
    private void Restart(Surface surface)
    {
        _runtime.Restart(surface.Handle, RequestFor(surface));
        if (IsPaused)
        {
            _runtime.Pause(surface.Handle);
        }
    }

    private TextureRequest RequestFor(Surface surface)
    {
        TextureRequest request = _model.Request(_size.Width, _size.Height) with
        {
            ClassLabel = _model.Folder.ClassNames.Count == 0 ? null : surface.ClassLabel,
            Seed = surface.Seed,
            Solver = Solver,
            Steps = Steps,
        };

        // The times that a model's own scheduler placed are those of its solver and of the first step count.
        return _isRetuned ? request with { Times = default, EndTime = null } : request;
    }
}
