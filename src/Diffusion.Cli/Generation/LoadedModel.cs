using Diffusion.Onnx;
using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch;

namespace Diffusion.Cli.Generation;

/// <summary>A model folder on a backend, and the requests that the common options make for it.</summary>
internal sealed class LoadedModel : IDisposable
{
    /// <summary>
    /// The guidance scale of models with a null class: small networks tell their classes apart by it.
    /// </summary>
    public const int DefaultGuidanceScale = 3;

    private const string ClassOption = "--class";

    /// <summary>The solver name that stands for what the model's own scheduler configuration says.</summary>
    public const string OwnSolver = "model";

    /// <summary>The solver name that stands for <see cref="AdaptiveFlowSampler"/>, of <c>sample</c> only.</summary>
    public const string AdaptiveSolver = "rk45";

    /// <summary>The backend that runs the network in libtorch.</summary>
    public const string TorchName = "torch";

    /// <summary>The backend that runs the network in ONNX Runtime, on the CPU.</summary>
    public const string OnnxName = "onnx";

    /// <summary>The backend that runs the network in Vulkan compute shaders.</summary>
    public const string ComputeName = "compute";

    /// <summary>Weights and activations in float32.</summary>
    public const string FullPrecision = "full";

    /// <summary>Weights and activations in float16, of the compute backend.</summary>
    public const string HalfPrecision = "half";

    private const int FallbackEdge = 64;

    private readonly GenerationSettings _settings;
    private readonly VulkanDevice? _ownDevice;

    private LoadedModel(
        GenerationSettings settings, ModelFolder folder, IDenoiserBackend backend, VulkanDevice? ownDevice)
    {
        _settings = settings;
        Folder = folder;
        Backend = backend;
        _ownDevice = ownDevice;
    }

    /// <summary>The names that <c>--backend</c> takes.</summary>
    public static IReadOnlyList<string> Backends { get; } =
        TorchFeature.IsIncluded ? [TorchName, OnnxName, ComputeName] : [OnnxName, ComputeName];

    /// <summary>The model's files.</summary>
    public ModelFolder Folder { get; }

    /// <summary>The network on its device; owned.</summary>
    public IDenoiserBackend Backend { get; }

    /// <summary>Solver steps: those asked for, the most that a distilled model was taught, or the default.</summary>
    public int Steps => _settings.Steps
        ?? (Folder.Description.DistilledSteps.Count > 0 ? Folder.Description.DefaultSteps : _settings.DefaultSteps);

    /// <summary>Solver name: the one asked for, or the one that suits the model.</summary>
    public string SolverName => _settings.Solver ?? Folder.Description.DefaultSolver.Name;

    /// <summary>Opens the folder without loading weights.</summary>
    public static ModelFolder OpenFolder(GenerationSettings settings) =>
        ModelFolder.Open(ModelLocator.Find(settings.Model));

    /// <summary>The size that was asked for with <c>--size</c>, or the model's own.</summary>
    /// <exception cref="UserErrorException">It is too large, or no multiple of the network's stride.</exception>
    public static CanvasSize SizeOf(GenerationSettings settings, CanvasSize? asked)
    {
        UNetConfig config = OpenFolder(settings).Config;
        int native = config.SampleSize > 0 ? config.SampleSize : FallbackEdge;
        CanvasSize size = asked ?? new CanvasSize(native, native);
        int largest = TextureRequestResolver.MaxSize;
        return size.Width % config.Stride == 0 && size.Height % config.Stride == 0
            && Math.Max(size.Width, size.Height) <= largest
                ? size
                : throw new UserErrorException(
                    $"--size is {size}; width and height must be multiples of {config.Stride}, up to {largest}.");
    }

    /// <summary>Checks the settings against the model, then loads the weights.</summary>
    /// <param name="settings">What the command line chose.</param>
    /// <param name="width">Canvas width in pixels.</param>
    /// <param name="height">Canvas height in pixels.</param>
    /// <param name="image">What requests will start from, planar [3, H, W]; empty for noise.</param>
    /// <param name="device">
    /// The device that the compute backend shares with a renderer; borrowed, and the caller's thread is its own. Null
    /// for one of its own, on which slices are waited for, so that the host's clock tells their cost.
    /// </param>
    /// <param name="isOffline">Whether no frame waits, so that the compute backend need not cut slices.</param>
    /// <exception cref="UserErrorException">A name is unknown.</exception>
    public static LoadedModel Load(
        GenerationSettings settings,
        int width,
        int height,
        ReadOnlyMemory<float> image = default,
        VulkanDevice? device = null,
        bool isOffline = false)
    {
        ModelFolder folder = OpenFolder(settings);
        if (!Backends.Contains(settings.Backend))
        {
            throw new UserErrorException(
                $"--backend '{settings.Backend}' is unknown: it must be one of {string.Join(", ", Backends)}.");
        }

        ClassLabel(folder, settings.ClassName, ClassOption);
        LoadedModel model = Open(settings, folder, device, isOffline);
        try
        {
            // A request that breaks a rule shall fail before a window opens or a file is touched.
            using var runtime = new DiffusionRuntime(model.Backend, folder.Description);
            runtime.Release(runtime.Submit(model.Request(width, height) with { Image = image }));
        }
        catch
        {
            model.Dispose();
            throw;
        }

        return model;
    }

    /// <summary>
    /// A runtime that has been warmed up for textures of a size, so that its first ticks keep their budget.
    /// </summary>
    /// <param name="width">Canvas width in pixels.</param>
    /// <param name="height">Canvas height in pixels.</param>
    /// <param name="options">How it spends time, or null for the defaults.</param>
    public DiffusionRuntime CreateRuntime(int width, int height, RuntimeOptions? options = null)
    {
        var runtime = new DiffusionRuntime(Backend, Folder.Description, options);
        try
        {
            runtime.WarmUp(Request(width, height));
            return runtime;
        }
        catch
        {
            runtime.Dispose();
            throw;
        }
    }

    /// <summary>A request by the common options; the class and seed are those of the options.</summary>
    public TextureRequest Request(int width, int height)
    {
        SamplerConfig own = Folder.Scheduler.Sampler;
        bool isOwn = SolverName == OwnSolver;
        var request = new TextureRequest
        {
            Width = width,
            Height = height,
            ClassLabel = ClassLabel(Folder, _settings.ClassName, ClassOption),
            Seed = _settings.Seed,
            Solver = CreateSolver(),
            Spacing = _settings.Spacing is { } spacing ? StepSpacings.Parse(spacing)
                : isOwn ? own.CreateSpacing()
                : null,
            Times = isOwn && _settings is { Spacing: null, Schedule: null }
                ? own.CreateTimes(Steps, Folder.Description.Schedule)
                : default,
            Schedule = _settings.Schedule is { } schedule ? NoiseSchedules.Parse(schedule) : null,
            Clamp = !isOwn || own.Thresholding || Folder.Scheduler.ClipSample,
            ThresholdRatio = isOwn ? (float)own.CreateThresholdRatio() : 0,
            Steps = Steps,
            GuidanceScale = _settings.GuidanceScale ?? (Folder.NullLabel >= 0 ? DefaultGuidanceScale : 1),
            GuidanceInterval = _settings.GuidanceInterval,
        };
        return isOwn && own.EndsAtCleanestLevel
            ? request with { EndTime = (request.Schedule ?? Folder.Description.Schedule).MinTime }
            : request;
    }

    /// <summary>The solver of a name, with what the options say of it where it has that to say.</summary>
    /// <param name="name">One of the catalogue's.</param>
    public Solver SolverOf(string name)
    {
        Solver solver = SolverCatalog.Parse(name, Folder.Description.CleanVariance);
        return solver is DdimSolver && _settings.Eta is { } eta ? SolverCatalog.WithEta(solver, eta)
            : solver is HeunSolver { IsStochastic: true } && _settings.Churn is { } churn
                ? SolverCatalog.WithChurn(solver, churn)
            : solver;
    }

    /// <summary>The solver of requests: the one asked for, or the one that suits the model.</summary>
    /// <exception cref="UserErrorException">It is unknown, or lacks an option that was given.</exception>
    public Solver CreateSolver()
    {
        if (SolverName == AdaptiveSolver)
        {
            RequireNone("--eta", _settings.Eta);
            RequireNone("--churn", _settings.Churn);
            return RequireOffline(_settings);
        }

        Solver solver = SolverName == OwnSolver
            ? Folder.Scheduler.Sampler.CreateSolver()
            : SolverCatalog.Parse(SolverName, Folder.Description.CleanVariance);
        solver = _settings.Eta is { } eta ? Named("--eta", () => SolverCatalog.WithEta(solver, eta)) : solver;
        return _settings.Churn is { } churn ? Named("--churn", () => SolverCatalog.WithChurn(solver, churn)) : solver;
    }

    private static void RequireNone(string option, double? value)
    {
        if (value is not null)
        {
            throw new UserErrorException($"{option} {value}: the solver '{AdaptiveSolver}' adds no noise.");
        }
    }

    private static Solver Named(string option, Func<Solver> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            throw new UserErrorException($"{option}: {error.Message}", error);
        }
    }

    // The adaptive sampler reads no solver from a request; a chain would run this one.
    private static DdimSolver RequireOffline(GenerationSettings settings) => settings.Tolerance is not null
        ? new DdimSolver()
        : throw new UserErrorException(
            $"--solver {AdaptiveSolver} finds out on its way how many steps it takes, so it cannot run on a frame "
            + "budget; 'diffusion sample' has it.");

    /// <inheritdoc/>
    public void Dispose()
    {
        Backend.Dispose();
        _ownDevice?.Dispose();
    }

    private static LoadedModel Open(
        GenerationSettings settings, ModelFolder folder, VulkanDevice? device, bool isOffline)
    {
        ComputeBackendOptions options = new() { Precision = PrecisionOf(settings) };
        if (TorchFeature.IsIncluded && settings.Backend == TorchName)
        {
            return new LoadedModel(settings, folder, new TorchBackend(folder), null);
        }

        if (settings.Backend == OnnxName)
        {
            return new LoadedModel(settings, folder, new OnnxBackend(folder), null);
        }

        if (device is not null)
        {
            return new LoadedModel(settings, folder, new ComputeBackend(folder, device, options), null);
        }

        var own = VulkanDevice.Create(new VulkanDeviceOptions());
        try
        {
            options = options with { WaitsForSlices = true };
            options = isOffline ? options with { SliceTime = TimeSpan.MaxValue } : options;
            return new LoadedModel(settings, folder, new ComputeBackend(folder, own, options), own);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    private static StoragePrecision PrecisionOf(GenerationSettings settings) => settings.Precision switch
    {
        FullPrecision => StoragePrecision.Full,
        HalfPrecision when settings.Backend == ComputeName => StoragePrecision.Half,
        HalfPrecision => throw new UserErrorException(
            $"--precision {HalfPrecision} is for --backend {ComputeName}, not {settings.Backend}."),
        _ => throw new UserErrorException(
            $"--precision is {FullPrecision} or {HalfPrecision}, not '{settings.Precision}'."),
    };

    /// <summary>
    /// The label of a class by name, of no name the first one, and null where the model has no classes.
    /// </summary>
    /// <param name="folder">The model.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="option">The option that named it.</param>
    /// <exception cref="UserErrorException">There is no such class.</exception>
    public static int? ClassLabel(ModelFolder folder, string? name, string option)
    {
        if (folder.ClassNames.Count == 0)
        {
            return name is null
                ? null
                : throw new UserErrorException($"{option} '{name}': the model '{folder.Path}' has no classes.");
        }

        int label = name is null ? 0 : folder.ClassNames.ToList().FindIndex(
            other => other.Equals(name, StringComparison.OrdinalIgnoreCase));
        return label >= 0
            ? label
            : throw new UserErrorException(
                $"{option} '{name}' is unknown: it must be one of {string.Join(", ", folder.ClassNames)}.");
    }
}
