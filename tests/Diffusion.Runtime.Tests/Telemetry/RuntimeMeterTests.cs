using System.Diagnostics.Metrics;

namespace Diffusion.Runtime.Tests.Telemetry;

[Collection(ProcessTelemetry.Name)]
public sealed class RuntimeMeterTests : IDisposable
{
    private const string TickDuration = "diffusion.tick.duration";
    private const string TickOverrun = "diffusion.tick.overrun";
    private const string SliceDuration = "diffusion.slice.duration";
    private const string Running = "diffusion.textures.running";

    private static readonly TextureRequest _request =
        new() { Width = 8, Height = 8, ClassName = "wood", Seed = 3, Steps = 4 };

    private readonly MeterListener _listener = new();
    private readonly List<(string Instrument, double Value, object? Tag)> _seen = [];

    public RuntimeMeterTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Diffusion.Runtime")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            _seen.Add((instrument.Name, value, tags.Length == 0 ? null : tags[0].Value)));
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
            _seen.Add((instrument.Name, value, null)));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) =>
            _seen.Add((instrument.Name, value, null)));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void Tick_OneTexture_MeasuresSecondsStepsAndTextures()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        runtime.Tick(TimeSpan.FromSeconds(1));

        // start, then four times four slices and a solver step, of a millisecond each.
        Assert.Equal(21, Values(SliceDuration).Count);
        Assert.All(Values(SliceDuration), value => Assert.Equal(0.001, value, 9));
        Assert.Equal(0.021, Assert.Single(Values(TickDuration)), 9);
        Assert.Empty(Values(TickOverrun));
        Assert.Equal(4, Values("diffusion.steps").Sum());
        Assert.Equal(1, Values("diffusion.textures.completed").Sum());
        Assert.Empty(Values("diffusion.textures.failed"));
        Assert.Equal(
            ["start", "slice.0", "slice.1", "slice.2", "slice.3", "solver_step"],
            _seen.Where(value => value.Instrument == SliceDuration).Take(6).Select(value => value.Tag));
    }

    [Fact]
    public void Tick_SliceLongerThanBudget_MeasuresTheOverrun()
    {
        using GaussianBackend backend = new() { Cost = _ => TimeSpan.FromMilliseconds(7) };
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        runtime.Tick(TimeSpan.FromMilliseconds(2));

        Assert.Equal(0.005, Assert.Single(Values(TickOverrun)), 9);
    }

    [Fact]
    public void Tick_BackendThrows_CountsAFailureAndNoSlice()
    {
        using GaussianBackend backend = new() { Throws = true };
        using DiffusionRuntime runtime = Create(backend);
        runtime.Submit(_request);

        runtime.Tick(TimeSpan.FromSeconds(1));

        Assert.Equal(1, Values("diffusion.textures.failed").Sum());
        Assert.Single(Values(SliceDuration));
    }

    [Fact]
    public void Running_EveryWayToEnd_IsCountedOnce()
    {
        using GaussianBackend backend = new();
        DiffusionRuntime runtime = Create(backend);
        double before = Observe();

        TextureHandle completed = runtime.Submit(_request);
        runtime.Tick(TimeSpan.FromSeconds(1));
        Assert.Equal(before, Observe());
        runtime.Cancel(completed);
        Assert.Equal(before, Observe());

        TextureHandle cancelled = runtime.Submit(_request);
        TextureHandle released = runtime.Submit(_request);
        TextureHandle replaced = runtime.Submit(_request);
        runtime.Submit(_request);
        runtime.Restart(completed, _request);
        Assert.Equal(before + 5, Observe());
        runtime.Cancel(cancelled);
        runtime.Cancel(cancelled);
        runtime.Release(released);
        runtime.Restart(replaced, _request with { Width = 16 });
        Assert.Equal(before + 3, Observe());

        runtime.Dispose();
        Assert.Equal(before, Observe());
    }

    private static DiffusionRuntime Create(GaussianBackend backend) =>
        new(backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });

    private List<double> Values(string instrument) =>
        [.. _seen.Where(value => value.Instrument == instrument).Select(value => value.Value)];

    private double Observe()
    {
        _listener.RecordObservableInstruments();
        return Values(Running)[^1];
    }
}
