using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>A chain's kernels without a network, whose output a test writes, beside the host's state as the
/// oracle.</summary>
internal sealed class StepRig : IDisposable
{
    /// <summary>Floats of time and class of an evaluation; aligned as a layout aligns them.</summary>
    public const int ConditioningLength = 192;

    private readonly KernelLibrary _kernels;
    private readonly GpuBuffer[] _buffers;
    private readonly SessionOptions _options;

    /// <param name="device">Validated.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="isGuided">Whether there are two outputs.</param>
    /// <param name="hasVariance">Whether the network has a variance.</param>
    /// <param name="waits">Whether every submission is waited for.</param>
    /// <param name="isMixed">Whether there is a second class's output.</param>
    public StepRig(
        VulkanDevice device, int width, int height, bool isGuided = false, bool hasVariance = false, bool waits = true,
        bool isMixed = false)
    {
        var options = new SessionOptions
        {
            Width = width,
            Height = height,
            Guided = isGuided,
            Mixed = isMixed,
            HistoryLength = LinearStep.MaxDenoised - 1,
        };
        int length = 3 * width * height;
        int batch = options.Batch;
        _options = options;
        ImageLength = length;
        HasVariance = hasVariance;
        _kernels = new KernelLibrary(device);
        int outputs = batch * length * (hasVariance ? 2 : 1);
        _buffers =
        [
            .. new[] { SampleBuffers.Entries * ConditioningLength, ConditioningLength, batch * length, outputs }.Select(
                floats => GpuBuffer.Upload(
                    device, (ulong)floats * sizeof(float), BufferUsageFlags.StorageBufferBit, "network")),
        ];
        var ends = new SampleBuffers(_buffers[0], _buffers[1], _buffers[2], _buffers[3], batch);
        Device = new DeviceSampleState(device, _kernels, options, ends, waits);
        Host = new HostSampleState(options);
    }

    public DeviceSampleState Device { get; }

    public HostSampleState Host { get; }

    public int ImageLength { get; }

    public bool HasVariance { get; }

    public Span<float> Conditioning => _buffers[0].Span<float>();

    public Span<float> Input => _buffers[1].Span<float>();

    public Span<float> Picture => _buffers[2].Span<float>();

    /// <summary>The network's output [N, C', H, W].</summary>
    public Span<float> Output => _buffers[3].Span<float>();

    /// <summary>x_t where the device has it.</summary>
    public ReadOnlySpan<float> DeviceSample => Device.Samples.Sample(Device.Samples.CurrentSlot);

    public ReadOnlySpan<float> DeviceDenoised => Device.Samples.Denoised(Device.Samples.CurrentSlot);

    public ReadOnlySpan<float> HostSample => Host.CurrentSample;

    public ReadOnlySpan<float> HostDenoised => Host.Samples.Denoised(Host.Samples.CurrentSlot);

    public static Evaluation Evaluate(
        double skip = 0.4, double output = -0.8, float guidance = 1, float clamp = float.PositiveInfinity,
        float threshold = 0) =>
        new(new Preconditioning(skip, output, 1, 0), 0, 1, guidance, clamp, threshold);

    public void Start(NoiseSource noise, float[]? image = null, bool isNoised = true, float[]? mask = null)
    {
        var level = new NoiseLevel(500, 0.6, 0.8);
        Device.Start(level, noise, image, mask, isNoised);
        Host.Start(level, noise, image, mask, isNoised);
    }

    /// <summary>Fills the output with values about 1 and takes the step on both.</summary>
    public void Step(in Evaluation evaluation, in LinearStep step, NoiseSource noise, int number)
    {
        DrawOutput(number);
        Device.BeginEvaluation();
        Assert.True(Device.CompleteStep(evaluation, step, noise, number));
        ReadOnlySpan<float> output = Output;
        int each = output.Length / _options.Batch;
        ReadOnlySpan<float> none = _options.Guided ? output.Slice(output.Length - each, ImageLength) : default;
        ReadOnlySpan<float> second = _options.Mixed ? output.Slice(each, ImageLength) : default;
        Assert.True(Host.CompleteStep(
            evaluation, output[..ImageLength], none, step, noise, number,
            HasVariance ? output.Slice(ImageLength, ImageLength) : default, second));
    }

    public void SetClassMask(ReadOnlySpan<float> mask)
    {
        Device.SetClassMask(mask);
        Host.SetClassMask(mask);
    }

    public void DrawOutput(int seed)
    {
        var random = new Random(seed);
        foreach (ref float value in Output)
        {
            value = (2 * random.NextSingle()) - 1;
        }
    }

    public void Dispose()
    {
        Device.Dispose();
        Host.Dispose();
        foreach (GpuBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }

        _kernels.Dispose();
    }
}
