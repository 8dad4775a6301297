using Diffusion.Render.Devices;

namespace Diffusion.Render.Tests.Support;

/// <summary>An engine's lock around its queue; counts how often it was taken.</summary>
internal sealed class EngineLock : IQueueLock
{
    private readonly Lock _gate = new();

    public long Entered { get; private set; }

    public void Enter()
    {
        Assert.False(_gate.IsHeldByCurrentThread, "nested");
        _gate.Enter();
        Entered++;
    }

    public void Exit() => _gate.Exit();
}
