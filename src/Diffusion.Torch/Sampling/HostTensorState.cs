using System.Runtime.InteropServices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using static TorchSharp.torch;

namespace Diffusion.Torch.Sampling;

/// <summary>On the CPU: the step is Runtime's kernel in host memory.</summary>
/// <remarks>
/// The sample is copied from its ring slot into the network's input, scaled by cIn on the way (48 KiB at 64x64); the
/// output is read where libtorch left it.
/// </remarks>
internal sealed class HostTensorState : ISampleState
{
    private readonly HostSampleState _state;
    private readonly Tensor _input;

    public HostTensorState(SessionOptions options)
    {
        _state = new HostSampleState(options);
        _input = zeros(options.Batch, SampleRing.Channels, options.Height, options.Width).DetachFromDisposeScope();
    }

    public SampleRing Samples => _state.Samples;

    public void Start(
        NoiseLevel level, NoiseSource noise, ReadOnlyMemory<float> image, ReadOnlyMemory<float> mask, bool isNoised)
        => _state.Start(level, noise, image, mask, isNoised);

    public void SetClassMask(ReadOnlySpan<float> mask) => _state.SetClassMask(mask);

    public Tensor Input(float scale)
    {
        _state.WriteInput(scale, Values(_input));
        return _input;
    }

    public bool CompleteStep(
        in Evaluation evaluation, Tensor output, in LinearStep step, NoiseSource noise, int stepNumber) =>
        _state.CompleteBatch(evaluation, Values(output), step, noise, stepNumber);

    public void Dispose()
    {
        _input.Dispose();
        _state.Dispose();
    }

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
