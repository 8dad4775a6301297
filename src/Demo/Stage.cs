using System.Diagnostics;
using Diffusion.Cli;
using Diffusion.Cli.Generation;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Budget;
using Silk.NET.Vulkan;

namespace Diffusion.Demo;

/// <summary>Everything that a frame needs, from the model to the target, and the frame itself.</summary>
/// <remarks>One thread. <see cref="Frame"/> allocates nothing but what the backend does.</remarks>
internal sealed class Stage : IDisposable
{
    // A device that is lost again and again before it draws a frame will not come back.
    private const int MostLossesInARow = 3;

    // No frame waits while a level loads. This is a first step for some textures on two CPU cores, so the first frame
    // shows more than noise, and what slices cost is known before a tick is promised to hold its budget. A device's
    // kernels are being made meanwhile: there the noise is shown without waiting for them.
    private static readonly TimeSpan _loadingBudget = TimeSpan.FromMilliseconds(300);

    private readonly DemoSettings _settings;
    private readonly GlfwWindow? _window;
    private readonly Hud _hud;
    private readonly AnimationClock _clock;
    private Generator _generator;
    private StageGraphics _graphics;
    private Ground? _ground;
    private long _bytesCopiedBefore;
    private int _lossesInARow;

    private Stage(
        DemoSettings settings, VulkanDevice device, GlfwWindow? window, AnimationClock clock, StageGraphics graphics,
        Loaded loaded)
    {
        _settings = settings;
        _window = window;
        _clock = clock;
        Device = device;
        _graphics = graphics;
        (_generator, Surfaces, LastTick) = loaded;
        _ground = CreateGround(settings, _generator);
        Surfaces.Attach(_graphics.Textures, settings.Sharing);
        Surfaces.Show(settings.ShowDenoised ? SampleView.Denoised : SampleView.Sample);
        Surfaces.FadeIn(settings.Fade);
        Budget = settings.Budget;
        _hud = new Hud(this);
    }

    /// <summary>The Vulkan device; another one after a loss.</summary>
    public VulkanDevice Device { get; private set; }

    /// <summary>Where frames go; another one after a loss.</summary>
    public FrameTarget Target => _graphics.Target;

    /// <summary>How often the device was lost and everything on it made again.</summary>
    public int Losses { get; private set; }

    /// <summary>The surfaces and their textures.</summary>
    public SurfaceSet Surfaces { get; }

    /// <summary>Whether anything is still to be generated.</summary>
    public bool IsWorking => Surfaces.IsWorking || IsGroundWorking;

    /// <summary>Whether tiles of the ground are still to be finished.</summary>
    public bool IsGroundWorking => _ground is { IsWorking: true };

    /// <summary>Textures that the ground has had so far on the present device.</summary>
    public int GroundTextures => _ground?.TextureCount ?? 0;

    /// <summary>Where the scene is looked at from.</summary>
    public HallCamera Camera { get; } = new();

    /// <summary>What a tick may take.</summary>
    public TimeSpan Budget { get; set; }

    /// <summary>Whether the overlay is drawn.</summary>
    public bool ShowsHud { get; set; } = true;

    /// <summary>The last tick.</summary>
    public TickReport LastTick { get; private set; }

    /// <summary>How long the last frame took, tick included.</summary>
    public TimeSpan LastFrame { get; private set; }

    /// <summary>Where the network runs.</summary>
    public string BackendDevice => _generator.Model.Backend.Device;

    /// <summary>Folder of the model.</summary>
    public string ModelPath => _generator.Model.Folder.Path;

    /// <summary>Solver that the textures began with, by the name that the command line takes.</summary>
    public string SolverName => _generator.Model.SolverName;

    /// <summary>How x_t reaches the renderer.</summary>
    public SharedTexture SharingExample => Surfaces.Surfaces[0].Texture;

    /// <summary>Bytes that the CPU copied so far on the way to the renderer.</summary>
    public long TotalBytesCopied => _bytesCopiedBefore + _graphics.Textures.TotalBytesCopied;

    /// <summary>Loads the model while the device is made, unless it runs on that device, and puts the scene together.
    /// </summary>
    public static Stage Create(DemoSettings settings, GlfwWindow? window)
    {
        // The two take about as long as each other, and a player waits for both.
        Task<Loaded>? loading = IsOnDevice(settings) ? null : BeginLoading(settings, device: null);
        VulkanDevice? device = null;
        StageGraphics? graphics = null;
        try
        {
            device = CreateDevice(settings, window);
            if (loading is null)
            {
                loading = BeginLoading(settings, device);
                loading.GetAwaiter().GetResult();
            }

            var clock = new AnimationClock();
            graphics = new StageGraphics(settings, device, window, clock);
            return new Stage(settings, device, window, clock, graphics, loading.GetAwaiter().GetResult());
        }
        catch
        {
            graphics?.Dispose();
            if (loading?.ContinueWith(task => task.IsCompletedSuccessfully, TaskScheduler.Default).Result == true)
            {
                loading.Result.Generator.Dispose();
            }

            device?.Dispose();
            throw;
        }
    }

    /// <summary>Ticks, then draws one frame.</summary>
    /// <remarks>
    /// A lost device is made again. The chains of libtorch go on from their last x_t, which lives in host memory; those
    /// of the compute backend lived on the device, and begin anew.
    /// </remarks>
    /// <param name="seconds">Time of the animation.</param>
    /// <returns>False when there was nothing to draw to (a minimised window, a lost device); the tick was made all the
    /// same.</returns>
    public bool Frame(double seconds)
    {
        try
        {
            bool isDrawn = Draw(seconds);
            _lossesInARow = isDrawn ? 0 : _lossesInARow;
            return isDrawn;
        }
        catch (VulkanException error)
            when (error.Result == Result.ErrorDeviceLost && _lossesInARow < MostLossesInARow)
        {
            _lossesInARow++;
            Console.Error.WriteLine("The graphics device was lost and is made again.");
            Recreate();
            return false;
        }
    }

    /// <summary>Destroys the device and all that is on it, and makes everything again.</summary>
    public void Recreate()
    {
        Losses++;
        _bytesCopiedBefore += _graphics.Textures.TotalBytesCopied;
        bool isOnDevice = IsOnDevice(_settings);
        _graphics.Dispose();
        _ground?.LeaveDevice();
        if (isOnDevice)
        {
            _ground?.Dispose();
            _generator.Dispose();
        }

        Device.Dispose();
        Device = CreateDevice(_settings, _window);
        _graphics = new StageGraphics(_settings, Device, _window, _clock);
        if (isOnDevice)
        {
            _generator = Generator.Load(_settings, Device);
            Surfaces.Restart(_generator);
            _ground = CreateGround(_settings, _generator);
        }

        Surfaces.Attach(_graphics.Textures, _settings.Sharing);
    }

    /// <summary>The newest x_t of a surface, planar [3, H, W]; valid until the next <see cref="Frame"/>.</summary>
    public ReadOnlySpan<float> Sample(Surface surface)
    {
        var ring = _generator.Runtime.GetSamples(surface.Handle);
        return ring.CurrentSlot < 0 ? default : ring.Sample(ring.CurrentSlot);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _graphics.Dispose();
        _ground?.Dispose();
        _generator.Dispose();
        Device.Dispose();
    }

    private static bool IsOnDevice(DemoSettings settings) => settings.Generation.Backend == LoadedModel.ComputeName;

    private static Task<Loaded> BeginLoading(DemoSettings settings, VulkanDevice? device) =>
        Task.Run(() => Begin(settings, Generator.Load(settings, device)));

    // Owns the generator from here on.
    private static Loaded Begin(DemoSettings settings, Generator generator)
    {
        try
        {
            Surface[] surfaces = Hall.CreateSurfaces(
                generator.Model.Folder.ClassNames, settings.Generation.ClassName, settings.Generation.Seed);
            return new Loaded(
                generator,
                new SurfaceSet(generator, settings.TextureSize, surfaces),
                generator.Runtime.Tick(IsOnDevice(settings) ? TimeSpan.Zero : _loadingBudget));
        }
        catch
        {
            generator.Dispose();
            throw;
        }
    }

    private static Ground? CreateGround(DemoSettings settings, Generator generator)
    {
        if (settings.GroundClass is not { } className)
        {
            return null;
        }

        try
        {
            return new Ground(
                generator, className, Math.Min(settings.TextureSize.Width, settings.TextureSize.Height));
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException($"--ground: {error.Message}", error);
        }
    }

    private static VulkanDevice CreateDevice(DemoSettings settings, GlfwWindow? window) =>
        VulkanDevice.Create(new VulkanDeviceOptions
        {
            Window = window,
            Device = settings.Gpu,
            EnableValidation = settings.Validation,
            AsyncCompute = settings.AsyncCompute,
            PipelineCacheFolder = VulkanDeviceOptions.UserCacheFolder,
            Log = Console.Error.WriteLine,
        });

    private bool Draw(double seconds)
    {
        long begun = Stopwatch.GetTimestamp();
        _clock.Seconds = seconds;
        Camera camera = Camera.At(seconds);
        _ground?.Follow(camera, _graphics.Textures, _settings.Sharing);
        LastTick = _generator.Runtime.Tick(Budget);
        if (!_graphics.Renderer.TryBeginFrame(out Frame frame))
        {
            return false;
        }

        _graphics.Meshes.Camera = camera;
        _graphics.Meshes.Light = Hall.LightFor(Surfaces);
        foreach (Surface surface in Surfaces.Surfaces)
        {
            Material material = ClassMaterials.Of(Surfaces.ClassName(surface));
            foreach (ref readonly SurfacePart part in surface.Parts.AsSpan())
            {
                _graphics.Meshes.Draw(
                    _graphics.Hall[part.Shape], part.PlacementAt(seconds), surface.Texture, part.UvScale, material);
            }
        }

        _ground?.Draw(_graphics.Meshes, _graphics.Hall);
        if (ShowsHud)
        {
            _hud.Draw(_graphics.Overlay, (int)frame.Extent.Width, (int)frame.Extent.Height);
        }

        _graphics.Renderer.EndFrame();
        if (_graphics.SharesCores)
        {
            // A software device draws on the very cores that generate: taking turns keeps the cost of a slice steady,
            // and a frame's time has its drawing in it.
            Device.WaitIdle();
        }

        LastFrame = Stopwatch.GetElapsedTime(begun);
        return true;
    }

    /// <summary>What loads beside the device.</summary>
    private sealed record Loaded(Generator Generator, SurfaceSet Surfaces, TickReport FirstTick);
}
