using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A queue of a device and the timeline that its submissions signal.</summary>
/// <remarks>One thread submits; allocates nothing.</remarks>
internal sealed unsafe class DeviceQueue : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly IQueueLock _lock;

    /// <param name="device">The device, of which memory and retirement are there.</param>
    /// <param name="handle">The queue.</param>
    /// <param name="family">Its family.</param>
    /// <param name="queueLock">Held for the length of a submission; where two share a queue, that of both.</param>
    /// <param name="name">Of the timeline.</param>
    public DeviceQueue(VulkanDevice device, Queue handle, uint family, IQueueLock queueLock, string name)
    {
        (_device, Handle, Family, _lock) = (device, handle, family, queueLock);
        Timeline = new Timeline(device, name);
    }

    public Queue Handle { get; }

    public uint Family { get; }

    /// <summary>What every submission signals.</summary>
    public Timeline Timeline { get; }

    /// <summary>Takes the queue for the scope's life: submitting and presenting need it, recording does not.</summary>
    public QueueScope Lock() => new(_lock);

    /// <summary>Submits recorded commands; the host does not wait.</summary>
    /// <returns>The timeline's value when they are done.</returns>
    public ulong Submit(CommandBuffer recorded)
    {
        var commands = new CommandBufferSubmitInfo
        {
            SType = StructureType.CommandBufferSubmitInfo,
            CommandBuffer = recorded,
        };
        var signal = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = Timeline.Semaphore,
            Value = Timeline.Submitted + 1,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            CommandBufferInfoCount = 1,
            PCommandBufferInfos = &commands,
            SignalSemaphoreInfoCount = 1,
            PSignalSemaphoreInfos = &signal,
        };
        Submit(&submit);
        return Timeline.Submitted;
    }

    /// <summary>Submits; one of the signals is <see cref="Timeline"/> at <see cref="Timeline.Submitted"/> +
    /// 1.</summary>
    public void Submit(SubmitInfo2* submit)
    {
        using (Lock())
        {
            _device.Api.QueueSubmit2(Handle, 1, submit, default).Check();
        }

        Timeline.Advance();
    }

    /// <summary>Has all that is submitted here from now on wait for another queue's or API's semaphore.</summary>
    public void WaitFor(Silk.NET.Vulkan.Semaphore semaphore, ulong value)
    {
        var wait = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = semaphore,
            Value = value,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            WaitSemaphoreInfoCount = 1,
            PWaitSemaphoreInfos = &wait,
        };
        using (Lock())
        {
            _device.Api.QueueSubmit2(Handle, 1, &submit, default).Check();
        }
    }

    public void Dispose() => Timeline.Dispose();
}
