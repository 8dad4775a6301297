using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The host's lock callbacks as the device wants them.</summary>
internal sealed unsafe class HostQueueLock(
    delegate* unmanaged[Cdecl]<void*, void> enter, delegate* unmanaged[Cdecl]<void*, void> exit, void* user)
    : IQueueLock
{
    /// <summary>The lock of two callbacks, or null for none.</summary>
    /// <param name="enter">Locks.</param>
    /// <param name="exit">Unlocks.</param>
    /// <param name="user">Passed to both.</param>
    /// <param name="names">Theirs in the header.</param>
    /// <exception cref="PluginException">One is given without the other.</exception>
    public static HostQueueLock? Of(
        delegate* unmanaged[Cdecl]<void*, void> enter, delegate* unmanaged[Cdecl]<void*, void> exit, void* user,
        string names) =>
        (enter is null) != (exit is null)
            ? throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"{names} must both be given, or neither.")
        : enter is null ? null
        : new HostQueueLock(enter, exit, user);

    public void Enter() => enter(user);

    public void Exit() => exit(user);
}
