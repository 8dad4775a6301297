using Diffusion.Render.Devices;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The host's lock callbacks as the device wants them.</summary>
internal sealed unsafe class HostQueueLock(
    delegate* unmanaged[Cdecl]<void*, void> enter, delegate* unmanaged[Cdecl]<void*, void> exit, void* user)
    : IQueueLock
{
    public void Enter() => enter(user);

    public void Exit() => exit(user);
}
