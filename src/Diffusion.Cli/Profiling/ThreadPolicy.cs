using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Threading;

namespace Diffusion.Cli.Profiling;

/// <summary>The product on a thread of its own, which works while the host does.</summary>
internal sealed class ThreadPolicy : IFramePolicy
{
    private readonly RuntimeThread _runtime;
    private readonly EndlessTextures _textures;
    private long _ticksBegun;

    /// <summary>Starts the thread and submits the textures.</summary>
    public ThreadPolicy(LoadedModel model, TextureRequest request, int textures)
    {
        _runtime = new RuntimeThread(() => model.CreateRuntime(request.Width, request.Height));
        _textures = new EndlessTextures(
            request,
            textures,
            _runtime.Submit,
            _runtime.GetProgress,
            (texture, next) => _runtime.Restart(texture, next));
    }

    public string Name => PolicyNames.OwnThread;

    public string Work => "what is expected to fit, beside the host";

    /// <summary>Begins a tick; its report is there when the frame ends.</summary>
    /// <returns>That of the frame before.</returns>
    public TickReport Tick(TimeSpan budget)
    {
        TickReport before = _runtime.LastTick;
        _ticksBegun += _runtime.BeginTick(budget) ? 1 : 0;
        return before;
    }

    /// <summary>Waits for the tick, as a host waits for the display, and restarts what has completed.</summary>
    public void RestartFinished()
    {
        while (_runtime.TicksCompleted < _ticksBegun)
        {
            Thread.Yield();
        }

        _textures.RestartFinished(_runtime.LastTick);
    }

    public void Dispose() => _runtime.Dispose();
}
