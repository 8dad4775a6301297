using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Tuning;

/// <summary>Finds by measuring which tiles of the compute kernels a device runs fastest.</summary>
/// <remarks>
/// Compiles a few variants of every kernel and runs them for seconds to minutes: for a tool or a menu, never a frame or
/// a start. Backends that are made later on a device with the same folder read what was found. Results change by
/// rounding at most.
/// </remarks>
public static class ComputeTuner
{
    private const int Edge = 64;
    private const int Rounds = 5;

    // What wins by less is luck.
    private const double Margin = 0.97;

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
    /// <param name="progress">Takes a line for each variant with its time, or null.</param>
    /// <exception cref="ArgumentException">The device has no folder or no timestamps.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static TuningReport Run(ModelFolder folder, VulkanDevice device, Action<string>? progress = null) =>
        Run(folder, device, progress, _choices);

    /// <summary>With some of the choices, which a test has time for.</summary>
    internal static TuningReport Run(
        ModelFolder folder, VulkanDevice device, Action<string>? progress,
        IEnumerable<Func<ComputeTuning, IEnumerable<ComputeTuning>>> choices)
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
            ComputeTuning[] candidates =
            [
                best,
                .. choice(best).Where(other => other.ToString() != best.ToString()
                    && other.WhyNot(device.Limits, device.Subgroups.SubgroupSize) is null),
            ];
            best = candidates[Fastest(backend, candidates, progress)];
        }

        double[] times = Measure(backend, [usual, best]);
        return new TuningReport(
            TuningFile.Save(cache, device, best), TimeSpan.FromMilliseconds(times[0]),
            TimeSpan.FromMilliseconds(times[1]));
    }

    private static int Fastest(ComputeBackend backend, ComputeTuning[] candidates, Action<string>? progress)
    {
        double[] times = Measure(backend, candidates);
        int best = 0;
        for (int i = 0; i < candidates.Length; i++)
        {
            progress?.Invoke(FormattableString.Invariant($"{times[i]:f2} ms with {candidates[i]}"));
            best = times[i] < Margin * times[0] && times[i] < times[best] ? i : best;
        }

        return best;
    }

    // Milliseconds of a network evaluation: the best of some rounds of each dispatch by the device's timestamps. By
    // turns, so that a device which warms up or slows down does so for all.
    private static double[] Measure(ComputeBackend backend, ComputeTuning[] candidates)
    {
        int stride = backend.Config.Stride;
        int edge = (Edge + stride - 1) / stride * stride;
        List<NetworkRun> runs = [];
        try
        {
            foreach (ComputeTuning tuning in candidates)
            {
                runs.Add(backend.CreateRun(1, edge, edge, seamless: true, mostFlops: 0, tuning: tuning));
            }

            double[][] best = [.. runs.Select(
                run => Enumerable.Repeat(double.PositiveInfinity, run.Plan.Parts.Count).ToArray())];
            for (int i = 0; i < Rounds * runs.Count; i++)
            {
                Take(runs[i % runs.Count], best[i % runs.Count]);
            }

            return [.. best.Select(parts => parts.Sum())];
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }

    private static void Take(NetworkRun run, double[] best)
    {
        for (int part = 0; part < best.Length; part++)
        {
            run.Submit(part);
        }

        run.Wait();
        while (run.Timer.TryRead(out int part, out TimeSpan time))
        {
            best[part] = Math.Min(best[part], time.TotalMilliseconds);
        }
    }
}
