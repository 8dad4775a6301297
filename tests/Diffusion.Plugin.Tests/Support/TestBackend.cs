using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>
/// A network whose clean estimate is one value for each class, so that finished textures are known exactly.
/// </summary>
internal sealed class TestBackend(UNetConfig config) : IDenoiserBackend
{
    public const int SliceCount = 3;

    public static int Live { get; private set; }

    /// <summary>Thrown by the next slice.</summary>
    public static Exception? Failure { get; set; }

    /// <summary>Above 0, the estimate also depends on x_t, so that all that a chain does shows in its end.</summary>
    public static float SampleShare { get; set; }

    public string Name => "test";

    public string Device => "none";

    public UNetConfig Config { get; } = config;

    /// <summary>The clean estimate of a class, in [-1, 1].</summary>
    public static float Clean(int label) => -0.9f + (0.1f * label);

    /// <summary>The same as a byte, by the formula that the manual states.</summary>
    public static byte CleanByte(int label) => (byte)Math.Floor((((Clean(label) * 0.5) + 0.5) * 255) + 0.5);

    public IDenoiserSession CreateSession(SessionOptions options) => new Session(options);

    public void Dispose() => Live--;

    public static TestBackend Create(UNetConfig config)
    {
        Live++;
        return new TestBackend(config);
    }

    private sealed class Session(SessionOptions options) : IDenoiserSession
    {
        private readonly HostSampleState _state = new(options);
        private readonly float[] _output = new float[3 * options.Width * options.Height];
        private readonly float[] _second = new float[options.Mixed ? 3 * options.Width * options.Height : 0];
        private Evaluation _evaluation;

        public IReadOnlyList<SliceInfo> Slices { get; } =
            [.. Enumerable.Range(0, SliceCount).Select(i => new SliceInfo($"slice.{i}", 1e6, 1e5))];

        public SampleRing Samples => _state.Samples;

        public void Start(
            NoiseLevel level,
            NoiseSource noise,
            ReadOnlyMemory<float> image,
            ReadOnlyMemory<float> mask,
            bool isNoised) => _state.Start(level, noise, image, mask, isNoised);

        public void SetClassMask(ReadOnlySpan<float> mask) => _state.SetClassMask(mask);

        public void BeginEvaluation(in Evaluation evaluation) => _evaluation = evaluation;

        public void RunSlice(int index)
        {
            if (Failure is { } failure)
            {
                Failure = null;
                throw failure;
            }

            if (index < SliceCount - 1)
            {
                return;
            }

            Fill(_output, _evaluation.ClassLabel);
            Fill(_second, _evaluation.SecondLabel);
        }

        public bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber) => _state.CompleteStep(
            _evaluation, _output, options.Guided ? _output : default, step, noise, stepNumber, secondOutput: _second);

        public void Dispose() => _state.Dispose();

        // F = (D - cSkip·x)/cOut for the D that is wanted.
        private void Fill(float[] output, int label)
        {
            (double skip, double factor) = (_evaluation.Preconditioning.CSkip, _evaluation.Preconditioning.COut);
            float clean = Clean(label);
            ReadOnlySpan<float> x = _state.CurrentSample;
            for (int i = 0; i < output.Length; i++)
            {
                float wanted = clean + (SampleShare * x[i] / (1 + Math.Abs(x[i])));
                output[i] = (float)((wanted - (skip * x[i])) / factor);
            }
        }
    }
}
