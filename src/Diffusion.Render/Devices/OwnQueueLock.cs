namespace Diffusion.Render.Devices;

/// <summary>The lock of a queue that no engine shares.</summary>
internal sealed class OwnQueueLock : IQueueLock
{
    private readonly Lock _gate = new();

    public void Enter() => _gate.Enter();

    public void Exit() => _gate.Exit();
}
