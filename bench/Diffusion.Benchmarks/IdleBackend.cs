using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Benchmarks;

/// <summary>A network whose slices do nothing but move its clock on: what remains of a tick is the scheduler.</summary>
internal sealed class IdleBackend : IDenoiserBackend
{
    private const int SliceCount = 100;

    /// <summary>What a slice takes by <see cref="Clock"/>.</summary>
    public static readonly TimeSpan SliceTime = TimeSpan.FromMilliseconds(1);

    /// <summary>The runtime's clock; only slices move it.</summary>
    public ManualClock Clock { get; } = new();

    public string Name => "idle";

    public string Device => "none";

    public UNetConfig Config { get; } = new() { BlockOutChannels = [8] };

    public IDenoiserSession CreateSession(SessionOptions options) => new Session(options, Clock);

    public void Dispose()
    {
    }

    private sealed class Session(SessionOptions options, ManualClock clock) : IDenoiserSession
    {
        private readonly HostSampleState _state = new(options);

        public IReadOnlyList<SliceInfo> Slices { get; } =
            [.. Enumerable.Range(0, SliceCount).Select(i => new SliceInfo($"slice.{i}", 1e6, 1e5))];

        public SampleRing Samples => _state.Samples;

        public void Start(
            NoiseLevel level,
            NoiseSource noise,
            ReadOnlyMemory<float> image = default,
            ReadOnlyMemory<float> mask = default,
            bool isNoised = true)
        {
            _state.Start(level, noise, image, mask, isNoised);
            clock.Advance(SliceTime);
        }

        public void BeginEvaluation(in Evaluation evaluation)
        {
        }

        public void RunSlice(int index) => clock.Advance(SliceTime);

        public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
        {
            clock.Advance(SliceTime);
            return true;
        }

        public void Dispose() => _state.Dispose();
    }
}
