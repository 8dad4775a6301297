using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Benchmarks;

/// <summary>What a tick costs besides its slices: choosing among the textures, the model of time, the report.</summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "The cleanup of an iteration disposes the runtime.")]
public class TickBenchmarks
{
    // Few enough that no texture ends, which would leave ticks without work.
    private const int Ticks = 10_000;
    private const int WarmUpTicks = 1000;

    private readonly IdleBackend _backend = new();
    private DiffusionRuntime _runtime = null!;

    /// <summary>Textures that have work.</summary>
    [Params(1, 8, 64)]
    public int Textures { get; set; }

    /// <summary>Slices that a tick's budget holds.</summary>
    [Params(1, 4)]
    public int Slices { get; set; }

    /// <summary>Whether each texture has a deadline, which every tick plans for.</summary>
    [Params(false, true)]
    public bool HaveDeadlines { get; set; }

    private TimeSpan Budget => IdleBackend.SliceTime * (Slices + 0.5);

    [IterationSetup]
    public void Setup()
    {
        var model = new ModelDescription { Schedule = NoiseSchedules.Cosine() };
        _runtime = new DiffusionRuntime(_backend, model, new RuntimeOptions { Clock = _backend.Clock });
        for (int i = 0; i < Textures; i++)
        {
            // Far enough that no steps are left out.
            int? deadline = HaveDeadlines ? int.MaxValue - i : null;
            _runtime.Submit(new TextureRequest
            {
                Width = 8,
                Height = 8,
                Steps = 1000,
                Seed = (ulong)i,
                ReadyWithinTicks = deadline,
            });
        }

        Run(WarmUpTicks);
    }

    [IterationCleanup]
    public void Cleanup() => _runtime.Dispose();

    [Benchmark(OperationsPerInvoke = Ticks)]
    public TickReport Tick() => Run(Ticks);

    private TickReport Run(int ticks)
    {
        TickReport report = default;
        for (int i = 0; i < ticks; i++)
        {
            report = _runtime.Tick(Budget);
        }

        return report.SlicesRun == Slices
            ? report
            : throw new InvalidOperationException($"The last tick ran {report.SlicesRun} slices, not {Slices}.");
    }
}
