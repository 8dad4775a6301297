using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Tuning;
using Diffusion.Render.Compute.Weights;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute;

/// <summary>The U-Net as Vulkan compute shaders, on the device that renders: no CUDA, no libtorch.</summary>
/// <remarks>
/// Borrows the device; dispose it after its sessions and before the device. One thread, the one that submits to the
/// device's queue. A slice is submitted and not waited for, its cost comes from timestamps, and a step that is not
/// there yet is asked for again on a later tick; on a CPU device slices are waited for
/// (<see cref="ComputeBackendOptions.WaitsForSlices"/>). A lost device is a <see cref="VulkanException"/> that says so.
/// </remarks>
/// <example><code>
/// using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions());
/// using ComputeBackend backend = new(ModelFolder.Open("models/textures-64"), device);
/// using IDenoiserSession session = backend.CreateSession(new SessionOptions { Width = 64, Height = 64 });
/// </code></example>
public sealed class ComputeBackend : IDenoiserBackend
{
    // A fifth of what a mid-range card of 2020 has on paper; only slices much longer than wished are cut by it.
    private const double CardFlopsPerSecond = 1e12;

    // What the kernels reach on llvmpipe with AVX2. Measuring it would compile the largest kernel before a texture's
    // first pixels, and make slices depend on what else ran just then; where it is wrong by a factor of two, slices are
    // half as long or twice, which the model of time learns.
    private const double CoreFlopsPerSecond = 2.5e9;

    private readonly KernelLibrary _kernels;
    private readonly bool _ownsKernels;
    private readonly TimeSpan _sliceTime;
    private readonly double _flopsPerSecond;
    private bool _disposed;

    /// <summary>Loads a model folder onto a device.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="device">The device; borrowed.</param>
    /// <param name="options">Precision and waiting, or null for the defaults.</param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration.</exception>
    /// <exception cref="ArgumentException">The configuration needs what this backend does not have.</exception>
    /// <exception cref="VulkanException">The device has too little memory, or a call failed.</exception>
    public ComputeBackend(ModelFolder folder, VulkanDevice device, ComputeBackendOptions? options = null)
        : this(folder, device, options, null)
    {
    }

    /// <summary>
    /// With kernels of the caller's, which tests share since compiling them takes longest, and the tuning of another
    /// device.
    /// </summary>
    internal ComputeBackend(
        ModelFolder folder, VulkanDevice device, ComputeBackendOptions? options, KernelLibrary? kernels,
        ComputeTuning? tuning = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(device);
        options ??= new ComputeBackendOptions();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.SliceTime, TimeSpan.Zero, nameof(options));
        SessionRules.RequireServable(folder.Config);
        Config = folder.Config;
        NullLabel = folder.NullLabel;
        Vulkan = device;
        bool isCpu = device.Info.Type == PhysicalDeviceType.Cpu;
        Waits = options.WaitsForSlices ?? (isCpu || !device.Limits.TimestampComputeAndGraphics);
        _sliceTime = options.SliceTime;
        _flopsPerSecond = isCpu ? Environment.ProcessorCount * CoreFlopsPerSecond : CardFlopsPerSecond;
        Tuning = tuning ?? TuningFile.Load(device) ?? ComputeTuning.For(device);
        Structure = new UNetStructure(Config, options.Precision);
        using var file = new WeightFile(folder, Structure.Weights);
        foreach (HostTable table in Structure.Weights.Tables)
        {
            file.Fill(table);
        }

        Weights = WeightUpload.Run(device, Structure.Weights, file);
        try
        {
            _ownsKernels = kernels is null;
            _kernels = kernels ?? new KernelLibrary(device);
        }
        catch
        {
            Weights.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "compute";

    /// <inheritdoc/>
    public string Device => $"{Vulkan.Info.Name} (Vulkan compute)";

    /// <inheritdoc/>
    public UNetConfig Config { get; }

    internal VulkanDevice Vulkan { get; }

    internal UNetStructure Structure { get; }

    internal ComputeTuning Tuning { get; }

    internal GpuBuffer Weights { get; }

    internal int NullLabel { get; }

    internal bool Waits { get; }

    /// <inheritdoc/>
    public IDenoiserSession CreateSession(SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SessionRules.RequireShape(Config, options, NullLabel);
        double mostFlops = _sliceTime == TimeSpan.MaxValue
            ? double.PositiveInfinity
            : _flopsPerSecond * _sliceTime.TotalSeconds;
        NetworkRun run = CreateRun(
            options.Batch, options.Height, options.Width, options.Seamless, mostFlops,
            plainBatch: options.BatchOf(isGuided: false), isFedByDevice: true);
        try
        {
            var session = new ComputeSession(this, run, _kernels, options);
            run.Prepare();
            return session;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Frees the weights and kernels once the device is done with them.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Weights.Dispose();
        if (_ownsKernels)
        {
            _kernels.Dispose();
        }
    }

    /// <summary>The network at a shape, without a chain.</summary>
    /// <param name="batch">Samples evaluated together.</param>
    /// <param name="height">Canvas height in pixels.</param>
    /// <param name="width">Canvas width in pixels.</param>
    /// <param name="seamless">Whether convolutions wrap around.</param>
    /// <param name="mostFlops">Arithmetic that one submission may have.</param>
    /// <param name="plainBatch">Samples of evaluations without guidance, or null for all.</param>
    /// <param name="isFedByDevice">Whether a chain's kernels feed it, not the host.</param>
    /// <param name="tuning">Other choices than the backend's, or null.</param>
    internal NetworkRun CreateRun(
        int batch, int height, int width, bool seamless, double mostFlops = double.PositiveInfinity,
        int? plainBatch = null, bool isFedByDevice = false, ComputeTuning? tuning = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        NetworkPlan plan = Structure.Plan(batch, height, width, seamless, tuning ?? Tuning, mostFlops, plainBatch);
        return plan.WhyNot(Vulkan.Limits) is { } whyNot
            ? throw new ArgumentException($"The size {width}x{height} {whyNot} ({Vulkan.Info.Name}).")
            : new NetworkRun(Vulkan, _kernels, Weights, plan, isFedByDevice);
    }
}
