namespace Diffusion.Render.Devices;

/// <summary>An engine's lock around every use of its queue: Vulkan lets one thread at a time submit to a
/// queue.</summary>
/// <remarks>Called from whichever thread of this library submits, strictly paired and never nested; held for the length
/// of one submission.</remarks>
public interface IQueueLock
{
    /// <summary>Waits until no one else uses the queue, and takes it.</summary>
    void Enter();

    /// <summary>Gives the queue back.</summary>
    void Exit();
}
