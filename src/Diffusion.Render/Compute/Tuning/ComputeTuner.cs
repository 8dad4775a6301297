using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Tuning;

/// <summary>Finds by measuring which tiles of the compute kernels a device runs fastest.</summary>
/// <remarks>
/// Compiles a few variants of every kernel and runs them for seconds to minutes: for a tool or a menu, never a frame or
/// a start. A choice is judged by the dispatches that it changes, alone, by the device's timestamps. Backends that are
/// made later on a device with the same folder read what was found. Results change by rounding at most.
/// </remarks>
public static class ComputeTuner
{
    private const int Edge = 64;
    private const double NanosecondsPerMillisecond = 1e6;

    // What matters most first.
    private static readonly Func<ComputeTuning, IEnumerable<ComputeTuning>>[] _choices =
    [
        best => new int[][] { [8, 4], [8, 6, 4, 2], [4, 2], [16, 8, 4] }.Select(
            groups => best with { ConvolutionGroups = groups }),
        best => new[] { 2, 8 }.Select(channels => best with { Channels = channels }),
        best => new[] { 8, 32 }.Select(channels => best with { PointwiseChannels = channels }),
        best => [best with { BroadcastsInSubgroups = !best.BroadcastsInSubgroups }],
        best => new[] { 32, 64, 128, 256 }.Select(threads => best with { NormThreads = threads }),
    ];

    /// <summary>Tries each choice in turn, the others as they are best so far, and writes what was found.</summary>
    /// <param name="folder">The model whose kernels run, at about 64x64.</param>
    /// <param name="device">A device with a folder for its pipeline cache; idle but for this.</param>
    /// <param name="progress">Takes a line for each variant, with its time or why it is left out; or null.</param>
    /// <exception cref="ArgumentException">The device has no folder or no timestamps.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static TuningReport Run(ModelFolder folder, VulkanDevice device, Action<string>? progress = null) =>
        Run(
            folder, device, progress,
            [.. _choices, best => device.Matrices.Select(shape => best with { Matrices = shape })],
            static (run, dispatch) => run.Time(dispatch));

    /// <summary>With some of the choices, which a test has time for, and its own clock.</summary>
    internal static TuningReport Run(
        ModelFolder folder, VulkanDevice device, Action<string>? progress,
        IEnumerable<Func<ComputeTuning, IEnumerable<ComputeTuning>>> choices, Func<NetworkRun, int, double> clock)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(device);
        string cache = device.CacheFolder
            ?? throw new ArgumentException("Tuning needs a device with a PipelineCacheFolder to write to.");
        if (!device.Limits.TimestampComputeAndGraphics)
        {
            throw new ArgumentException($"{device.Info.Name} has no timestamps to tune by.");
        }

        ComputeTuning usual = ComputeTuning.For(device);
        ComputeTuning best = usual;
        using var kernels = new KernelLibrary(device);
        using var backend = new ComputeBackend(folder, device, null, kernels, usual);
        foreach (Func<ComputeTuning, IEnumerable<ComputeTuning>> choice in choices)
        {
            ComputeTuning[] others = [.. choice(best)];
            if (others.Any(other => other.Matrices != best.Matrices))
            {
                // Which matter to float16 alone.
                using var half = new ComputeBackend(
                    folder, device, new ComputeBackendOptions { Precision = StoragePrecision.Half }, kernels, usual);
                best = Best(half, best, others, progress, clock);
            }
            else
            {
                best = Best(backend, best, others, progress, clock);
            }
        }

        using var runs = new RunSet(backend, [usual, best]);
        double[] times = runs.Time([.. Enumerable.Range(0, runs[0].Plan.Dispatches.Count)], clock);
        return new TuningReport(
            TuningFile.Save(cache, device, best), TimeSpan.FromMicroseconds(times[0] / 1000),
            TimeSpan.FromMicroseconds(times[1] / 1000));
    }

    private static ComputeTuning Best(
        ComputeBackend backend, ComputeTuning best, IEnumerable<ComputeTuning> others, Action<string>? progress,
        Func<NetworkRun, int, double> clock)
    {
        List<ComputeTuning> variants = [best];
        NetworkPlan usual = PlanOf(backend, best);
        SortedSet<int> dispatches = [];
        foreach (ComputeTuning other in others.Where(other => other.ToString() != best.ToString()))
        {
            VulkanDevice device = backend.Vulkan;
            string? whyNot = other.WhyNot(device.Limits, device.Subgroups.SubgroupSize, device.Matrices);
            NetworkPlan? plan = whyNot is null ? PlanOf(backend, other) : null;
            whyNot ??= plan!.WhyNot(device.Limits) is { } reason ? $"the network {reason}" : null;
            int[] changed = whyNot is null ? Changed(usual, plan!) : [];
            if (changed.Length == 0)
            {
                progress?.Invoke($"left out {other}: {whyNot ?? "this network's dispatches stay the same"}");
                continue;
            }

            variants.Add(other);
            dispatches.UnionWith(changed);
        }

        if (variants.Count == 1)
        {
            return best;
        }

        using var runs = new RunSet(backend, variants);
        double[] differences = [.. variants.Select((_, i) => runs.Difference(i))];
        double[] times = runs.Time([.. dispatches], clock);
        for (int i = 0; i < times.Length; i++)
        {
            progress?.Invoke(
                VariantTrial.IsRight(differences[i])
                    ? FormattableString.Invariant($"{times[i] / NanosecondsPerMillisecond:f3} ms in {dispatches.Count} ")
                        + $"dispatches with {variants[i]}"
                    : FormattableString.Invariant(
                        $"left out {variants[i]}: its results are off by {differences[i]:e1}"));
        }

        return variants[VariantTrial.Fastest(times, differences)];
    }

    // Of the same network, so dispatch by dispatch.
    private static int[] Changed(NetworkPlan usual, NetworkPlan other) =>
    [
        .. Enumerable.Range(0, usual.Dispatches.Count).Where(
            i => usual.Dispatches[i].Kernel != other.Dispatches[i].Kernel
                || usual.Dispatches[i].Groups != other.Dispatches[i].Groups),
    ];

    private static NetworkPlan PlanOf(ComputeBackend backend, ComputeTuning tuning)
    {
        int edge = EdgeOf(backend);
        return backend.Structure.Plan(1, edge, edge, seamless: true, tuning, mostFlops: 0);
    }

    private static int EdgeOf(ComputeBackend backend)
    {
        int stride = backend.Config.Stride;
        return (Edge + stride - 1) / stride * stride;
    }

    // The network by each of some tunings, every dispatch a part of its own, run once as a whole: that makes the
    // kernels and leaves a network's own numbers for the dispatches to read.
    private sealed class RunSet : IDisposable
    {
        private readonly List<NetworkRun> _runs = [];

        public RunSet(ComputeBackend backend, IEnumerable<ComputeTuning> tunings)
        {
            try
            {
                int edge = EdgeOf(backend);
                foreach (ComputeTuning tuning in tunings)
                {
                    NetworkRun run = backend.CreateRun(1, edge, edge, seamless: true, mostFlops: 0, tuning: tuning);
                    _runs.Add(run);
                    Start(run, backend.Structure);
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public NetworkRun this[int index] => _runs[index];

        /// <summary>How far a variant's output is off the first one's. Asked before dispatches are timed, which run out
        /// of order.</summary>
        public double Difference(int variant) => VariantTrial.Difference(_runs[0].Output, _runs[variant].Output);

        public double[] Time(IReadOnlyList<int> dispatches, Func<NetworkRun, int, double> clock) =>
            VariantTrial.Times(_runs.Count, dispatches, (variant, part) => clock(_runs[variant], part));

        public void Dispose() => _runs.ForEach(run => run.Dispose());

        private static void Start(NetworkRun run, UNetStructure structure)
        {
            Span<float> picture = run.Input(0, run.Plan.Input.Picture.Range);
            for (int i = 0; i < picture.Length; i++)
            {
                picture[i] = MathF.Sin(i);
            }

            run.WriteConditioning(structure, 0, time: 1, label: 0);
            for (int part = 0; part < run.Plan.Parts.Count; part++)
            {
                run.Submit(part);
            }

            run.Wait();
        }
    }
}
