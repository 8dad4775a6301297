using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>A chain's x_t and clean estimates on the device: all of a session but the network.</summary>
/// <remarks>
/// <see cref="HostSampleState"/>'s verbs, as kernels behind each other on one queue: images stay on the device, the
/// host writes some hundred bytes a step and reads one word, whether all values were finite. Without waiting a step is
/// published when it is handed over, and a few evaluations may be in flight; what was not finite is reported as soon as
/// the device is known to have done that step. Allocates nothing between construction and disposal, but for the first
/// step of a kind. One thread, that of the device's queue.
/// </remarks>
internal sealed partial class DeviceSampleState : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly SampleBuffers _buffers;
    private readonly SampleCommands _commands;
    private readonly SliceTimer? _timer;
    private readonly bool _waits;
    private readonly DeviceSamples _samples;
    private readonly SessionOptions _options;
    private readonly GpuBuffer? _classMask;
    private readonly InFlight[] _entries = new InFlight[SampleBuffers.Entries];
    private int _entry;
    private ulong _startValue;
    private ulong _lastValue;
    private bool _hasClassMask;
    private bool _keepsPixels;

    /// <param name="device">The device.</param>
    /// <param name="kernels">Its kernels; borrowed.</param>
    /// <param name="options">Shape and history.</param>
    /// <param name="buffers">The network's ends; borrowed.</param>
    /// <param name="waits">Whether every submission is waited for.</param>
    /// <param name="timer">Takes the times of steps as of the slice behind the network's, or null.</param>
    /// <exception cref="ArgumentException">The ring exceeds what the device binds.</exception>
    public DeviceSampleState(
        VulkanDevice device, KernelLibrary kernels, SessionOptions options, SampleBuffers buffers, bool waits,
        SliceTimer? timer = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
            options.HistoryLength, LinearStep.MaxDenoised, nameof(options));
        (_device, _options, _buffers, _waits, _timer) = (device, options, buffers, waits, timer);
        using var made = new Construction(device);
        DeviceSamples? samples = null;
        Samples = new SampleRing(
            options.Width, options.Height, options.HistoryLength,
            (slots, size) =>
            {
                long limit = device.Limits.MaxStorageBufferRange;
                long needed = DeviceSamples.SizeOf(slots * size, options.Width * options.Height);
                return needed <= limit
                    ? samples = made.Own(new DeviceSamples(device, slots, size, options.Width * options.Height))
                    : throw new ArgumentException(
                        $"The size {options.Width}x{options.Height} needs a ring of {needed} bytes; "
                        + $"{device.Info.Name} binds at most {limit}.");
            });
        _samples = samples!;
        if (options.Mixed)
        {
            // The device reads it where the host writes it: one float a pixel, where a step moves dozens.
            _classMask = made.Own(GpuBuffer.Upload(
                device, sizeof(float) * (ulong)options.Width * (ulong)options.Height,
                BufferUsageFlags.StorageBufferBit, "class mask"));
        }

        _commands = made.Own(new SampleCommands(
            device, kernels, buffers, _samples, _classMask, (options.Width, options.Height), timer));
        _ = made.Complete();
    }

    /// <summary>Where every step is published; its images are the device's.</summary>
    public SampleRing Samples { get; }

    /// <summary>Whether a step is known to be done: until then there should be one evaluation at a time, for what one
    /// takes is unknown.</summary>
    public bool IsMeasured { get; private set; }

    /// <summary>As <see cref="HostSampleState.Start"/>.</summary>
    public void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlySpan<float> image = default,
        ReadOnlySpan<float> mask = default,
        bool isNoised = true)
    {
        int slot = SessionRules.TakeStartSlot(Samples, image, mask);

        // Evaluations of the chain before are of no interest any more.
        foreach (ref InFlight entry in _entries.AsSpan())
        {
            entry.StepNumber = 0;
        }

        // Only a chain that is restarted twice before the device got to it waits here.
        WaitFor(_startValue);
        if (!image.IsEmpty)
        {
            _samples.WriteStart(image, mask);
        }

        _keepsPixels = !mask.IsEmpty;
        StepParameters parameters = Common(noise, step: 0);
        parameters.Flags = image.IsEmpty ? StepFlags.None : StepFlags.HasImage;
        parameters.Next = _samples.OffsetOf(slot, isDenoised: false);
        parameters.Denoised = _samples.OffsetOf(slot, isDenoised: true);
        parameters.SampleFactor = (float)level.Alpha;
        parameters.NoiseFactor = isNoised ? (float)level.Sigma : 0;
        _commands.StartParameters = parameters;
        _startValue = Submit(_commands.Start);
        if (_waits)
        {
            WaitFor(_startValue);
        }

        _samples.Publish(slot, _startValue);
        Samples.Publish(0, level);
        Samples.ForgetHistory();
    }

    /// <summary>As <see cref="HostSampleState.SetClassMask"/>; waits for steps in flight, which read the
    /// mask.</summary>
    public void SetClassMask(ReadOnlySpan<float> mask)
    {
        SessionRules.RequireClassMask(mask, _options);
        _hasClassMask = !mask.IsEmpty;
        if (_classMask is not null && _hasClassMask)
        {
            WaitFor(_lastValue);
            mask.CopyTo(_classMask.Span<float>());
        }
    }

    /// <summary>Takes what the next evaluation's inputs are written to.</summary>
    /// <returns>Which copy of the conditioning the host may write now.</returns>
    public int BeginEvaluation()
    {
        RequireStarted();
        if (_entries[_entry].Value > _device.Compute.Timeline.Completed)
        {
            // Only where an evaluation was abandoned: it may still be read, and so may the next if many were.
            TakeNextEntry();
        }

        return _entry;
    }

    /// <summary>Hands the device cIn·x and the conditioning: before the network's first slice.</summary>
    /// <param name="scale">cIn.</param>
    public void SubmitInput(float scale)
    {
        StepParameters parameters = Common(default, step: 0);
        parameters.Current = _samples.OffsetOf(Samples.CurrentSlot, isDenoised: false);
        parameters.InputScale = scale;
        parameters.Batch = (uint)_buffers.Batch;
        parameters.ConditioningLength = (uint)(_buffers.Input.SizeInBytes / sizeof(float));
        _commands.InputParameters(_entry) = parameters;
        _entries[_entry].Value = Submit(_commands.Input(_entry));
    }

    /// <summary>As <see cref="HostSampleState.CompleteStep"/>; the network's slices were submitted.</summary>
    /// <returns>False when readers hold every free slot, or the device is too far behind: nothing changed.</returns>
    /// <exception cref="NonFiniteSampleException">
    /// This step, or without waiting one before it, has a NaN or an infinity.
    /// </exception>
    public bool CompleteStep(in Evaluation evaluation, in LinearStep step, NoiseSource noise, int stepNumber)
    {
        RequireStarted();

        // One reading for both: an entry must not come free between the look at its step and its next use.
        ulong completed = _device.Compute.Timeline.Completed;
        CheckFinished(completed);
        int after = (_entry + 1) % _entries.Length;
        FusedStep fused = FusedStep.Of(Samples, evaluation, step);
        if (_entries[after].Value > completed || !Samples.TryBeginWrite(out int slot))
        {
            return false;
        }

        _commands.StepParameters(_entry) = Describe(fused, slot, noise, stepNumber);
        _commands.Failure(_entry) = 0;
        var kind = new StepKinds(fused.ThresholdRatio > 0, fused.Langevin > 0, fused.Colours is not null);
        ulong value = Submit(_commands.Step(_entry, kind));
        _timer?.Submitted(_timer.Step, value);
        _entries[_entry] = new InFlight { Value = value, StepNumber = stepNumber };
        if (_waits)
        {
            WaitFor(value);
            CheckFinished(value);
        }

        _samples.Publish(slot, value);
        Samples.Publish(stepNumber, step.Target);
        _entry = after;
        return true;
    }

    /// <summary>Whether the device has done all steps.</summary>
    /// <exception cref="NonFiniteSampleException">A step has a NaN or an infinity.</exception>
    public bool TryFinish()
    {
        ulong completed = _device.Compute.Timeline.Completed;
        CheckFinished(completed);
        return completed >= _lastValue;
    }

    public void Dispose()
    {
        _commands.Dispose();
        _classMask?.Dispose();
        _samples.Dispose();
        Samples.Dispose();
    }

    // Oldest first; each step once.
    private void CheckFinished(ulong completed)
    {
        for (int i = 1; i <= _entries.Length; i++)
        {
            int index = (_entry + i) % _entries.Length;
            ref InFlight entry = ref _entries[index];
            if (entry.StepNumber == 0 || entry.Value > completed)
            {
                continue;
            }

            int stepNumber = entry.StepNumber;
            entry.StepNumber = 0;
            IsMeasured = true;
            if (_commands.Failure(index) != 0)
            {
                throw new NonFiniteSampleException(stepNumber);
            }
        }
    }

    private void TakeNextEntry()
    {
        _entry = (_entry + 1) % _entries.Length;
        WaitFor(_entries[_entry].Value);
        CheckFinished(_entries[_entry].Value);
    }

    private ulong Submit(CommandBuffer commands) => _lastValue = _device.Compute.Submit(commands);

    private void WaitFor(ulong value)
    {
        if (value > _device.Compute.Timeline.Completed)
        {
            _device.Compute.Timeline.Wait(value);
        }
    }

    private void RequireStarted()
    {
        if (Samples.CurrentSlot < 0)
        {
            throw new InvalidOperationException("The chain was not started.");
        }
    }

    /// <summary>An evaluation that was handed over.</summary>
    private struct InFlight
    {
        /// <summary>The timeline's value when its last submission is done.</summary>
        public ulong Value;

        /// <summary>The step whose values are still to be looked at, or 0.</summary>
        public int StepNumber;
    }
}
