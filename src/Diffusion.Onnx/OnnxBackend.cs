using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using OrtEnv = Microsoft.ML.OnnxRuntime.OrtEnv;

namespace Diffusion.Onnx;

/// <summary>The U-Net in ONNX Runtime, on the CPU.</summary>
/// <remarks>
/// Any model folder serves: its network is written as ONNX graphs in memory, one for each slice, or several where a
/// slice is too long for a frame, and again for several of those at once, which cost less where a budget has room for
/// them; a thread of the backend's own loads the latter while the former already run. The bits do not depend on which
/// ran. The samples of an evaluation, such as with a class and without one for guidance, are evaluated one after the
/// other. Chains of one size and padding share a network and its packed weights; the last four that no chain uses are
/// kept. A tick allocates nothing on the managed heap, but once for each chain when the latter have been loaded.
/// Dispose it after its sessions. One thread at a time.
/// </remarks>
/// <example><code>
/// using OnnxBackend backend = new(ModelFolder.Open("models/textures-64"));
/// using IDenoiserSession session = backend.CreateSession(new SessionOptions { Width = 64, Height = 64 });
/// </code></example>
public sealed class OnnxBackend : IDenoiserBackend
{
    private readonly OnnxWeights _weights;
    private bool _disposed;

    /// <summary>Loads a model folder.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="threads">
    /// Threads that compute, process-wide: the first backend chooses. 0 takes half of the cores, 4 at most, and leaves
    /// the rest to the engine. Workers sleep between two operations; 1 makes none, and all runs on the caller's thread.
    /// </param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration.</exception>
    /// <exception cref="ArgumentException">The configuration needs what this backend does not have, or ONNX Runtime
    /// has another number of threads already.</exception>
    /// <exception cref="DllNotFoundException">ONNX Runtime's native library is missing.</exception>
    public OnnxBackend(ModelFolder folder, int threads = 0)
        : this(folder, threads, GraphCutter.WorkPerPiece, block: null)
    {
    }

    /// <summary>With another length of pieces, and with channels of a block as <see cref="OnnxLayout"/> has them or,
    /// for null, as ONNX Runtime has them on this machine.</summary>
    internal OnnxBackend(ModelFolder folder, int threads, double workPerPiece, int? block = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        SessionRules.RequireServable(folder.Config);
        Config = folder.Config;
        NullLabel = folder.NullLabel;
        OnnxEnvironment.Prepare(threads);
        int stride = Config.Stride;
        Graph whole = UNetGraph.Build(Config, new NetworkShape(stride, stride, IsSeamless: false));
        _weights = new OnnxWeights(folder, whole);
        OnnxLayout layout = new(workPerPiece, block ?? OnnxEnvironment.Block);
        Networks = new NetworkCache(shape => new OnnxNetwork(Config, _weights, shape, layout));
    }

    /// <inheritdoc/>
    public string Name => "onnx";

    /// <inheritdoc/>
    public string Device =>
        $"CPU ({OnnxEnvironment.Threads} threads, ONNX Runtime {OrtEnv.Instance().GetVersionString()})";

    /// <inheritdoc/>
    public UNetConfig Config { get; }

    internal int NullLabel { get; }

    internal NetworkCache Networks { get; }

    /// <inheritdoc/>
    public IDenoiserSession CreateSession(SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_disposed, this);
        SessionRules.RequireShape(Config, options, NullLabel);
        OnnxNetwork network = Networks.Rent(new(options.Height, options.Width, options.Seamless));
        try
        {
            return new OnnxSession(this, network, options);
        }
        catch
        {
            Networks.Return(network);
            throw;
        }
    }

    /// <summary>Frees the networks and closes the weights.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Networks.Dispose();
        _weights.Dispose();
    }
}
