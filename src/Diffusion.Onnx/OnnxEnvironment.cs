using Diffusion.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx;

/// <summary>What all of ONNX Runtime's sessions of the process share: its workers and their memory.</summary>
/// <remarks>A network is dozens of sessions: with workers and an arena each it would be hundreds of threads.</remarks>
internal static class OnnxEnvironment
{
    private const int MostThreads = 4;

    private static readonly Lock _gate = new();
    private static bool _isReady;
    private static bool _isForeign;

    // ONNX Runtime's one environment, which lives as long as the process.
    private static OrtEnv? _environment;

    /// <summary>Threads that compute, the caller's among them.</summary>
    public static int Threads { get; private set; }

    /// <summary>Channels of a block in which ONNX Runtime lays canvases out on this machine; 0 where it does not, or
    /// not as is expected.</summary>
    public static int Block { get; private set; }

    /// <summary>Makes the environment; only the first call does.</summary>
    /// <param name="threads">Threads that compute; 0 leaves the choice.</param>
    /// <exception cref="ArgumentException">It was made with another number of threads.</exception>
    /// <exception cref="DllNotFoundException">The library is missing.</exception>
    public static void Prepare(int threads)
    {
        lock (_gate)
        {
            if (!_isReady)
            {
                OnnxRuntimeLibrary.Load();
                _isForeign = OrtEnv.IsCreated;
                Threads = _isForeign ? 1
                    : threads > 0 ? threads
                    : Math.Clamp(Environment.ProcessorCount / 2, 1, MostThreads);
                Create();
                Block = BlockedLayout.Find();
                _isReady = true;
            }

            if (threads > 0 && threads != Threads)
            {
                throw new ArgumentException(
                    $"{threads} threads are asked for; ONNX Runtime has the same number in all of a process, "
                    + (_isForeign
                        ? "and 1 where the application set it up itself."
                        : $"and the first backend took {Threads}."),
                    nameof(threads));
            }
        }
    }

    /// <summary>What a session is made with.</summary>
    public static OrtSessionOptions CreateOptions()
    {
        OrtSessionOptions options = new()
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry("session.use_env_allocators", "1");

        // Weights stay as long as the session does: from the arena they would never go back to the system.
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
        if (!_isForeign)
        {
            options.DisablePerSessionThreads();
        }

        return options;
    }

    private static void Create()
    {
        if (!_isForeign)
        {
            // Idle workers sleep: the engine needs the cores.
            using OrtThreadingOptions threading = new()
            {
                GlobalIntraOpNumThreads = Threads,
                GlobalInterOpNumThreads = 1,
                GlobalSpinControl = false,
            };
            EnvironmentCreationOptions creation = new()
            {
                logId = "diffusion",
                logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
                threadOptions = threading,
            };
            _environment = OrtEnv.CreateInstanceWithOptions(ref creation);
        }

        _environment ??= OrtEnv.Instance();
        try
        {
            using OrtMemoryInfo memory = new(
                OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
            using OrtArenaCfg arena = new(0, -1, -1, -1);
            _environment.CreateAndRegisterAllocator(memory, arena);
        }
        catch (OnnxRuntimeException) when (_isForeign)
        {
            // The application registered one, which serves as well.
        }
    }
}
