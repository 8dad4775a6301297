using System.Diagnostics;
using System.Globalization;
using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;

namespace Diffusion.Benchmarks;

/// <summary>What each compute kernel does and takes in one evaluation of a model, and what the whole takes.</summary>
/// <remarks>The best of some runs, by the device's timestamps: docs/compute.md holds the figures.</remarks>
internal static class ComputeKernels
{
    private const int Runs = 10;

    /// <summary>Measures and prints a table in Markdown.</summary>
    /// <param name="model">Model folder.</param>
    /// <param name="edge">Canvas edge in pixels.</param>
    /// <param name="output">Where to.</param>
    public static void Print(string model, int edge, TextWriter output)
    {
        using var device = VulkanDevice.Create(new VulkanDeviceOptions());
        var folder = ModelFolder.Open(model);
        using var full = new ComputeBackend(folder, device);
        using var half = new ComputeBackend(
            folder, device, new ComputeBackendOptions { Precision = StoragePrecision.Half });
        using NetworkRun fullRun = full.CreateRun(1, edge, edge, seamless: true);
        using NetworkRun halfRun = half.CreateRun(1, edge, edge, seamless: true);

        // By turns, so that what else runs disturbs both.
        (TimeSpan Full, TimeSpan Half)[] steps =
            [.. Enumerable.Range(0, Runs).Select(_ => (RunAll(fullRun), RunAll(halfRun)))];
        output.WriteLine(Invariant($"{device.Info.Name}, {edge}x{edge}, batch 1; the best of {Runs}"));
        Print(full, fullRun.Plan, edge, steps.Min(step => step.Full), output);
        Print(half, halfRun.Plan, edge, steps.Min(step => step.Half), output);
    }

    private static void Print(ComputeBackend backend, NetworkPlan plan, int edge, TimeSpan step, TextWriter output)
    {
        Dictionary<string, Cost> costs = Measure(backend, edge);
        output.WriteLine(Invariant($"\n{backend.Structure.Weights.Precision}\n"));
        output.WriteLine("| kernel | dispatches | MFLOP | MB | ms | GFLOP/s |");
        output.WriteLine("| --- | --: | --: | --: | --: | --: |");
        foreach ((string name, Cost cost) in costs.OrderByDescending(pair => pair.Value.Milliseconds))
        {
            output.WriteLine(Row(name, cost));
        }

        double flops = plan.Parts.Sum(part => part.Flops);
        double bytes = plan.Parts.Sum(part => part.Bytes);
        output.WriteLine(Row(
            "a whole step", new Cost(plan.Dispatches.Count, flops, bytes, step.TotalMilliseconds)));
        output.WriteLine(Invariant(
            $"weights {backend.Structure.Weights.SizeInBytes} bytes, activations {plan.ArenaSizeInBytes}"));
    }

    private static Dictionary<string, Cost> Measure(ComputeBackend backend, int edge)
    {
        // A limit of nothing gives each dispatch a submission of its own.
        using NetworkRun run = backend.CreateRun(1, edge, edge, seamless: true, mostFlops: 0);
        var best = new double[run.Plan.Parts.Count];
        Array.Fill(best, double.PositiveInfinity);
        for (int i = 0; i < Runs; i++)
        {
            RunAll(run);
            while (run.Timer.TryRead(out int part, out TimeSpan time))
            {
                best[part] = Math.Min(best[part], time.TotalMilliseconds);
            }
        }

        Dictionary<string, Cost> costs = [];
        for (int i = 0; i < best.Length; i++)
        {
            PlannedPart part = run.Plan.Parts[i];
            string name = NameOf(part.Ranges[0].Dispatch.Kernel);
            Cost sum = costs.GetValueOrDefault(name);
            costs[name] = new Cost(
                sum.Count + 1, sum.Flops + part.Flops, sum.Bytes + part.Bytes, sum.Milliseconds + best[i]);
        }

        return costs;
    }

    private static TimeSpan RunAll(NetworkRun run)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < run.Plan.Parts.Count; i++)
        {
            run.Submit(i);
        }

        run.Wait();
        return Stopwatch.GetElapsedTime(start);
    }

    private static string Row(string name, in Cost cost) => Invariant(
        $"| {name} | {cost.Count} | {cost.Flops / 1e6:f1} | {cost.Bytes / 1e6:f2} | {cost.Milliseconds:f2} | ")
        + Invariant($"{cost.Flops / cost.Milliseconds / 1e6:f2} |");

    private static string NameOf(KernelKey key) => key.Shader switch
    {
        "conv.comp" => $"conv {key.C1}x{key.C1}, stride {key.C2}",
        "conv_matrix.comp" => $"conv {key.C1}x{key.C1}, stride {4 / key.C2}, matrices",
        "patch.comp" => key.C0 == 0 ? "patch" : "unpatch",
        _ => Path.GetFileNameWithoutExtension(key.Shader),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Cost(int Count, double Flops, double Bytes, double Milliseconds);
}
