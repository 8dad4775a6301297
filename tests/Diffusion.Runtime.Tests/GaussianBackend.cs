using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

/// <summary>
/// A backend without a network: F is the closed-form clean estimate of Gaussian data (prediction type sample), computed
/// in the last of a few slices; each slice, start and solver step included, moves
/// the fake clock by its cost.
/// </summary>
internal sealed class GaussianBackend : IDenoiserBackend
{
    public const int SliceCount = 4;
    public const int Stride = 4;
    public const double Mean = 0.2;
    public const double Deviation = 0.5;

    public static ModelDescription Model { get; } = new()
    {
        ClassNames = ["stone", "wood", "grass"],
        NullLabel = 3,
        Prediction = PredictionType.Sample,
        Schedule = NoiseSchedules.Linear(),
    };

    public FakeClock Clock { get; } = new();

    /// <summary>Cost of the n-th slice that the backend runs, counted over all sessions.</summary>
    public Func<int, TimeSpan> Cost { get; set; } = _ => TimeSpan.FromMilliseconds(1);

    /// <summary>What slices of a shape cost besides; by default nothing.</summary>
    public Func<SessionOptions, TimeSpan> ShapeCost { get; set; } = _ => TimeSpan.Zero;

    public int SlicesRun { get; set; }

    /// <summary>What an evaluation with guidance runs; by default all.</summary>
    public SliceRange GuidedSlices { get; set; } = new(0, SliceCount);

    /// <summary>What one without guidance runs of a guided session; by default all.</summary>
    public SliceRange PlainSlices { get; set; } = new(0, SliceCount);

    /// <summary>What sessions also run at once; by default nothing.</summary>
    public IReadOnlyList<SliceSpan> Spans { get; set; } = [];

    /// <summary>What a span costs.</summary>
    public TimeSpan SpanCost { get; set; }

    public int SpansRun { get; set; }

    /// <summary>
    /// Called before slice i of a chain (0 start, last solver_step) with its cost, which the clock has not yet advanced
    /// by.
    /// </summary>
    public Action<int, TimeSpan>? SliceBegins { get; set; }

    public int LiveSessions { get; set; }

    public float Output { get; set; } = float.NaN;

    /// <summary>The data's mean by class label; by default <see cref="Mean"/>.</summary>
    public Func<int, double> MeanOf { get; set; } = _ => Mean;

    public bool Throws { get; set; }

    /// <summary>What each pixel's estimate takes of the mean of x, so that a part of an image bears on the rest; by
    /// default nothing.</summary>
    public float Coupling { get; set; }

    /// <summary>
    /// Whether network slices run on a device beside the host: they leave the clock alone, and are done, their costs
    /// known, once <see cref="DeviceIsDone"/>.
    /// </summary>
    public bool RunsBesideTheHost { get; set; }

    public bool DeviceIsDone { get; set; }

    /// <summary>What a session answers when it is asked whether all it published is done.</summary>
    public Func<bool> IsFinished { get; set; } = () => true;

    /// <summary>Whether a slice of the network can begin.</summary>
    public Func<int, bool> IsReady { get; set; } = _ => true;

    public List<Evaluation> Evaluations { get; } = new(4096);

    public string Name => "gaussian";

    public string Device => "none";

    public UNetConfig Config { get; } = new() { BlockOutChannels = [8, 8, 8], NumClassEmbeds = 4 };

    /// <summary>N(m, s²) in every pixel: D(x) = m + α·s²/(α²·s² + σ²)·(x - α·m).</summary>
    public static double Denoise(double x, NoiseLevel level, double mean = Mean)
    {
        double clean = Deviation * Deviation;
        double gain = level.Alpha * clean / ((level.Alpha * level.Alpha * clean) + (level.Sigma * level.Sigma));
        return mean + (gain * (x - (level.Alpha * mean)));
    }

    public IDenoiserSession CreateSession(SessionOptions options)
    {
        LiveSessions++;
        return new Session(this, options);
    }

    public void Dispose()
    {
    }

    private void Spend(SessionOptions shape, int chainSlice)
    {
        TimeSpan cost = Cost(SlicesRun++) + ShapeCost(shape);
        SliceBegins?.Invoke(chainSlice, cost);
        Clock.Advance(cost);
    }

    private sealed class Session(GaussianBackend backend, SessionOptions options) : IDenoiserSession
    {
        private readonly HostSampleState _state = new(options);
        private readonly float[] _output = new float[3 * options.Width * options.Height];
        private readonly float[] _second = new float[options.Mixed ? 3 * options.Width * options.Height : 0];
        private Evaluation _evaluation;
        private NoiseLevel _level;
        private SliceRange _slices;
        private int _next = -1;
        private int _costsRead;

        public IReadOnlyList<SliceInfo> Slices { get; } =
            [.. Enumerable.Range(0, SliceCount).Select(i => new SliceInfo($"slice.{i}", 1e6, 1e5))];

        public SliceRange SlicesOf(bool isGuided) =>
            !options.Guided ? new SliceRange(0, SliceCount) : isGuided ? backend.GuidedSlices : backend.PlainSlices;

        public IReadOnlyList<SliceSpan> Spans => backend.Spans;

        public SampleRing Samples => _state.Samples;

        public void Start(
            NoiseLevel level,
            NoiseSource noise,
            ReadOnlyMemory<float> image,
            ReadOnlyMemory<float> mask,
            bool isNoised)
        {
            backend.Spend(options, 0);
            _state.Start(level, noise, image, mask, isNoised);
        }

        public void SetClassMask(ReadOnlySpan<float> mask) => _state.SetClassMask(mask);

        public void BeginEvaluation(in Evaluation evaluation)
        {
            _evaluation = evaluation;
            _level = Samples.LatestInfo.NoiseLevel;
            _slices = SlicesOf(evaluation.IsGuided);
            _next = _costsRead = _slices.First;
            if (backend.Evaluations.Count < backend.Evaluations.Capacity)
            {
                backend.Evaluations.Add(evaluation);
            }
        }

        public bool RunsBesideTheHost => backend.RunsBesideTheHost;

        public bool IsReady(int index) => backend.IsReady(index);

        public bool TryFinish() => backend.IsFinished();

        public bool TryReadCost(out int slice, out TimeSpan cost)
        {
            bool isKnown = RunsBesideTheHost && backend.DeviceIsDone && _costsRead < _next;
            slice = _costsRead;
            cost = isKnown ? backend.Cost(slice) : default;
            _costsRead += isKnown ? 1 : 0;
            return isKnown;
        }

        public void RunSlice(int index)
        {
            Require(_next++ == index);
            if (!RunsBesideTheHost)
            {
                backend.Spend(options, index + 1);
            }

            if (backend.Throws)
            {
                throw new InvalidOperationException("The device was lost.");
            }

            Estimate();
        }

        public void RunSpan(int index)
        {
            SliceSpan span = backend.Spans[index];
            Require(_next == span.First);
            _next += span.Count;
            backend.SpansRun++;
            backend.Clock.Advance(backend.SpanCost);
            Estimate();
        }

        private void Estimate()
        {
            if (_next == _slices.End)
            {
                Fill(_output, _evaluation.ClassLabel);
                Fill(_second, _evaluation.SecondLabel);
            }
        }

        public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber)
        {
            Require(_next == _slices.End);
            if (RunsBesideTheHost && !backend.DeviceIsDone)
            {
                return false;
            }

            bool isPublished = _state.CompleteStep(
                _evaluation, _output, _evaluation.IsGuided ? _output : default, step, noise, stepNumber,
                secondOutput: _second);
            if (isPublished)
            {
                backend.Spend(options, SliceCount + 1);
            }

            return isPublished;
        }

        private void Fill(float[] output, int label)
        {
            ReadOnlySpan<float> x = _state.CurrentSample;
            double mean = backend.MeanOf(label);
            float shared = 0;
            foreach (float value in x)
            {
                shared += backend.Coupling * value / x.Length;
            }

            for (int i = 0; i < output.Length; i++)
            {
                output[i] = float.IsNaN(backend.Output) ? (float)Denoise(x[i], _level, mean) : backend.Output;
                output[i] += shared;
            }
        }

        // Not Assert.Equal, which boxes: tests count the bytes that a tick allocates.
        private static void Require(bool isInOrder)
        {
            if (!isInOrder)
            {
                throw new InvalidOperationException("The chain called the session out of order.");
            }
        }

        public void Dispose()
        {
            backend.LiveSessions--;
            _state.Dispose();
        }
    }
}
