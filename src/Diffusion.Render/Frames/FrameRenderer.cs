using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>
/// Records frames as a flat list of named passes, two in flight, and reads their times back without waiting.
/// </summary>
/// <remarks>Borrows device, target and passes; dispose it before them. One thread. Nothing is allocated per
/// frame.</remarks>
public sealed unsafe class FrameRenderer : IDisposable
{
    /// <summary>Frames that the CPU may be ahead of the device.</summary>
    public const int FramesInFlight = 2;

    private readonly VulkanDevice _device;
    private readonly FrameTarget _target;
    private readonly IFramePass[] _passes;
    private readonly FrameSlot[] _slots;
    private readonly Utf8Strings _names;
    private Frame _frame;
    private bool _recording;
    private bool _disposed;

    /// <summary>Creates the command pools and query pools.</summary>
    /// <param name="device">Device.</param>
    /// <param name="target">Where frames go.</param>
    /// <param name="passes">The passes in their order.</param>
    public FrameRenderer(VulkanDevice device, FrameTarget target, IReadOnlyList<IFramePass> passes)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(passes);
        _device = device;
        _target = target;
        _passes = [.. passes];
        _slots = new FrameSlot[FramesInFlight];
        _names = new Utf8Strings([.. _passes.Select(pass => pass.Name)]);
        Timings = new FrameTimings(_passes.Length);
        using var made = new Construction(device);
        made.Own(_names);
        for (int i = 0; i < FramesInFlight; i++)
        {
            _slots[i] = made.Own(new FrameSlot(device, _passes, $"frame {i}"));
        }

        made.Complete();
    }

    /// <summary>Times of the newest frame read back, which is <see cref="FramesInFlight"/> frames old.</summary>
    public FrameTimings Timings { get; }

    /// <summary>Frames submitted.</summary>
    public long FrameCount { get; private set; }

    /// <summary>Whether <see cref="TryBeginFrame"/> would not have to wait for the device now.</summary>
    public bool IsReady
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _slots[FrameCount % FramesInFlight].Value <= _device.Timeline.Completed;
        }
    }

    /// <summary>Begins a frame; waits only while the device is <see cref="FramesInFlight"/> frames behind.</summary>
    /// <param name="frame">The frame to draw.</param>
    /// <returns>False when there is nothing to draw to, as with a minimised window: try again later.</returns>
    /// <exception cref="InvalidOperationException">The last frame was not ended.</exception>
    public bool TryBeginFrame(out Frame frame)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_recording)
        {
            throw new InvalidOperationException("TryBeginFrame needs the last frame to be ended by EndFrame.");
        }

        frame = default;
        int index = (int)(FrameCount % FramesInFlight);
        FrameSlot slot = _slots[index];
        _device.Timeline.Wait(slot.Value);
        _device.Retirement.Collect();
        slot.Timer.Read(Timings);
        if (!_target.TryAcquire(index, out Image image, out ImageView view))
        {
            return false;
        }

        ulong value = _device.Timeline.Submitted + 1;
        frame = new Frame(value, index, slot.Commands, image, view, _target.Extent);
        _frame = frame;
        _recording = true;
        _device.Api.ResetCommandPool(_device.Handle, slot.Pool, 0).Check();
        Commands.Begin(_device, slot.Commands, CommandBufferUsageFlags.OneTimeSubmitBit);
        slot.Timer.BeginFrame(slot.Commands, value);
        foreach (IFramePass pass in _passes)
        {
            pass.Begin(frame);
        }

        return true;
    }

    /// <summary>Records the passes in their order, submits the frame and presents it.</summary>
    /// <exception cref="InvalidOperationException">No frame was begun, or something else was submitted since: the
    /// frame's
    /// timeline value is taken.</exception>
    public void EndFrame()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_recording)
        {
            throw new InvalidOperationException("EndFrame needs a frame begun by TryBeginFrame.");
        }

        if (_device.Timeline.Submitted + 1 != _frame.Value)
        {
            throw new InvalidOperationException(
                "Something was submitted to the device between TryBeginFrame and EndFrame; do it before or after.");
        }

        FrameSlot slot = _slots[_frame.Slot];
        _target.RecordBegin(_frame);
        for (int i = 0; i < _passes.Length; i++)
        {
            slot.Timer.Stamp(slot.Commands, i);
            _device.BeginLabel(slot.Commands, _names.Pointers[i]);
            _passes[i].Record(_frame);
            _device.EndLabel(slot.Commands);
        }

        slot.Timer.Stamp(slot.Commands, _passes.Length);
        _target.RecordEnd(_frame);
        _device.Api.EndCommandBuffer(slot.Commands).Check();
        Submit(slot);
        slot.Timer.EndFrame();
        _recording = false;
        FrameCount++;
        _target.Present(_device, _frame);
    }

    /// <summary>Frees pools once the device is done.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _names.Dispose();
            foreach (FrameSlot slot in _slots)
            {
                slot.Dispose();
            }
        }
    }

    private void Submit(FrameSlot slot)
    {
        var wait = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = _target.WaitBefore(_frame.Slot),
            StageMask = PipelineStageFlags2.ColorAttachmentOutputBit,
        };
        SemaphoreSubmitInfo* signals = stackalloc SemaphoreSubmitInfo[2];
        signals[0] = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = _device.Timeline.Semaphore,
            Value = _frame.Value,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        signals[1] = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = _target.SignalAfter(_frame.Slot),
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var commands = new CommandBufferSubmitInfo
        {
            SType = StructureType.CommandBufferSubmitInfo,
            CommandBuffer = slot.Commands,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            WaitSemaphoreInfoCount = wait.Semaphore.Handle == 0 ? 0u : 1u,
            PWaitSemaphoreInfos = &wait,
            CommandBufferInfoCount = 1,
            PCommandBufferInfos = &commands,
            SignalSemaphoreInfoCount = signals[1].Semaphore.Handle == 0 ? 1u : 2u,
            PSignalSemaphoreInfos = signals,
        };
        _device.Submit(&submit);
        slot.Value = _frame.Value;
    }
}
