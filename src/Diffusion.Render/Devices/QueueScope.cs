namespace Diffusion.Render.Devices;

/// <summary>The queue's lock, held for a <c>using</c>.</summary>
internal readonly ref struct QueueScope
{
    private readonly IQueueLock _lock;

    public QueueScope(IQueueLock queueLock)
    {
        _lock = queueLock;
        queueLock.Enter();
    }

    public void Dispose() => _lock.Exit();
}
