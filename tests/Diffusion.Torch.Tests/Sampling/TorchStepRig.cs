using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.Sampling;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Sampling;

/// <summary>The state under test beside the host's, given the same.</summary>
internal sealed class TorchStepRig : IDisposable
{
    public const int Width = 21;
    public const int Height = 10;

    // A dozen float32 roundings of terms of magnitude up to about 30, on either side.
    private const float FloatTolerance = 8e-5f;

    private readonly HostTensorState _host;
    private readonly int _batch;
    private readonly int _channels;

    public TorchStepRig(bool isGuided = false, bool isMixed = false, bool hasVariance = false)
    {
        var options = new SessionOptions
        {
            Width = Width,
            Height = Height,
            Guided = isGuided,
            Mixed = isMixed,
            HistoryLength = LinearStep.MaxDenoised - 1,
        };
        (_batch, _channels) = (options.Batch, hasVariance ? 6 : 3);
        Torch = new TorchSampleState(options, CPU, usesDriver: false);
        _host = new HostTensorState(options);
    }

    public static NoiseSource Noise { get; } = new(0x123456789ABCDEF0, 5, -7, 1 << 20);

    public TorchSampleState Torch { get; }

    public ISampleState Host => _host;

    public ReadOnlySpan<float> TorchSample => Torch.Samples.Sample(Torch.Samples.CurrentSlot);

    public ReadOnlySpan<float> TorchDenoised => Torch.Samples.Denoised(Torch.Samples.CurrentSlot);

    public ReadOnlySpan<float> HostSample => Host.Samples.Sample(Host.Samples.CurrentSlot);

    public ReadOnlySpan<float> HostDenoised => Host.Samples.Denoised(Host.Samples.CurrentSlot);

    public void Start(float[]? image = null, float[]? mask = null, bool isNoised = true)
    {
        var level = new NoiseLevel(500, 0.6, 0.8);
        Torch.Start(level, Noise, image, mask, isNoised);
        Host.Start(level, Noise, image, mask, isNoised);
    }

    public void SetClassMask(float[] mask)
    {
        Torch.SetClassMask(mask);
        Host.SetClassMask(mask);
    }

    public void Step(in Evaluation evaluation, in LinearStep step, int number)
    {
        var random = new Random(number);
        float[] values = [.. Enumerable.Range(0, _batch * _channels * Width * Height).Select(
            _ => (2 * random.NextSingle()) - 1)];
        using DisposeScope scope = NewDisposeScope();
        Tensor output = tensor(values).view(_batch, _channels, Height, Width);
        Assert.True(Torch.CompleteStep(evaluation, output, step, Noise, number));
        Assert.True(Host.CompleteStep(evaluation, output, step, Noise, number));
    }

    public void AssertSame()
    {
        AssertClose(HostSample, TorchSample);
        AssertClose(HostDenoised, TorchDenoised);
    }

    public void Dispose()
    {
        Torch.Dispose();
        _host.Dispose();
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            float allowed = FloatTolerance * MathF.Max(1, MathF.Abs(expected[i]));
            Assert.True(
                MathF.Abs(expected[i] - actual[i]) <= allowed,
                $"value {i} is {actual[i]} in place of {expected[i]}");
        }
    }
}
