namespace Diffusion.Render.Devices;

/// <summary>The lock of a queue that no engine shares.</summary>
internal sealed class OwnQueueLock : IQueueLock
{
    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();

    public void Enter() => Monitor.Enter(_gate);

    public void Exit() => Monitor.Exit(_gate);
}
