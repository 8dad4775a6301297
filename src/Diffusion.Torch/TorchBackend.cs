using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Sampling;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch;

/// <summary>The U-Net in libtorch, on CPU or CUDA.</summary>
/// <remarks>
/// Dispose it after its sessions. One thread at a time: its sessions share the network. On CUDA x_t stays there and the
/// step is taken there; that is tested on tensors of the CPU and has not yet run on a GPU.
/// </remarks>
/// <example><code>
/// using TorchBackend backend = new(ModelFolder.Open("models/textures-64"));
/// using IDenoiserSession session = backend.CreateSession(new SessionOptions { Width = 64, Height = 64 });
/// </code></example>
public sealed class TorchBackend : IDenoiserBackend
{
    private const int MostThreads = 4;

    private readonly bool _ownsNetwork;
    private bool _disposed;

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="threads">
    /// Threads of libtorch, process-wide; 0 takes half of the cores, 4 at most, and leaves the rest to the engine, or
    /// what <c>OMP_NUM_THREADS</c> says. On two cores, small networks are no faster on both than on one.
    /// </param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration.</exception>
    /// <exception cref="ArgumentException">The configuration needs what this backend does not have.</exception>
    /// <exception cref="NotSupportedException">CUDA is asked for and absent.</exception>
    /// <exception cref="DllNotFoundException">libtorch is missing.</exception>
    public TorchBackend(ModelFolder folder, TorchDevice device = TorchDevice.Auto, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        SessionRules.RequireServable(folder.Config);
        TorchNative.Load();
        bool cuda = UsesCuda(device);
        if (threads > 0)
        {
            set_num_threads(threads);
        }
        else if (Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
        {
            set_num_threads(Math.Clamp(Environment.ProcessorCount / 2, 1, MostThreads));
        }

        NullLabel = folder.NullLabel;
        Network = UNetWeights.Load(folder);
        _ownsNetwork = true;
        if (cuda)
        {
            Network.to(CUDA);
        }

        OnCuda = cuda;
    }

    /// <summary>Runs a network that is in memory already, such as one in training, on the CPU.</summary>
    /// <param name="network">Borrowed, and put in evaluation mode by the caller while a session runs.</param>
    /// <param name="nullLabel">The label of "no class", or -1 where it has none.</param>
    public TorchBackend(UNet2DModel network, int nullLabel)
    {
        ArgumentNullException.ThrowIfNull(network);
        SessionRules.RequireServable(network.Config);
        Network = network;
        NullLabel = nullLabel;
    }

    /// <inheritdoc/>
    public string Name => "torch";

    /// <inheritdoc/>
    public string Device => OnCuda
        ? $"CUDA device 0 (libtorch {__version__})"
        : $"CPU ({get_num_threads()} threads, libtorch {__version__})";

    /// <inheritdoc/>
    public UNetConfig Config => Network.Config;

    internal UNet2DModel Network { get; }

    internal int NullLabel { get; }

    internal bool OnCuda { get; }

    /// <inheritdoc/>
    public IDenoiserSession CreateSession(SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireShape(Config, options, NullLabel);
        return new TorchSession(
            this, options,
            OnCuda ? new TorchSampleState(options, CUDA, usesDriver: true) : new HostTensorState(options));
    }

    /// <summary>Frees the network, unless it is borrowed.</summary>
    public void Dispose()
    {
        if (!_disposed && _ownsNetwork)
        {
            Network.Dispose();
        }

        _disposed = true;
    }

    /// <summary>Whether a session runs on CUDA.</summary>
    /// <exception cref="NotSupportedException">CUDA is asked for and absent.</exception>
    internal static bool UsesCuda(TorchDevice device)
    {
        // The CPU package has no CUDA at all; asking it would make TorchSharp search for libraries in vain.
        bool possible = TorchNative.Variant.StartsWith("cuda", StringComparison.Ordinal)
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(TorchNative.OverrideVariable));
        bool present = device != TorchDevice.Cpu && possible && cuda.is_available();
        return device == TorchDevice.Cuda && !present
            ? throw new NotSupportedException(
                $"CUDA is not available: this build has libtorch variant '{TorchNative.Variant}', " +
                "and it needs a CUDA variant and device.")
            : present;
    }
}
