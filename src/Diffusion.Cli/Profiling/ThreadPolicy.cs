using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Threading;

namespace Diffusion.Cli.Profiling;

/// <summary>The product on a thread of its own, which works while the host does.</summary>
internal sealed class ThreadPolicy : IFramePolicy
{
    private readonly RuntimeThread _runtime;
    private readonly TextureHandle[] _textures;
    private readonly TextureRequest _request;
    private ulong _nextSeed;
    private long _ticksBegun;

    /// <summary>Starts the thread and submits the textures.</summary>
    public ThreadPolicy(LoadedModel model, TextureRequest request, int textures)
    {
        _runtime = new RuntimeThread(() => model.CreateRuntime(request.Width, request.Height));
        _request = request;
        _nextSeed = request.Seed;
        _textures = new TextureHandle[textures];
        for (int i = 0; i < textures; i++)
        {
            _textures[i] = _runtime.Submit(NextRequest());
        }
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

        TickReport tick = _runtime.LastTick;
        if (tick.TexturesCompleted + tick.TexturesFailed == 0)
        {
            return;
        }

        foreach (TextureHandle texture in _textures)
        {
            TextureProgress progress = _runtime.GetProgress(texture);
            if (progress.Status == ChainStatus.Failed)
            {
                throw new UserErrorException($"a texture failed: {progress.FailureReason}");
            }

            if (progress.Status == ChainStatus.Completed)
            {
                _ = _runtime.Restart(texture, NextRequest());
            }
        }
    }

    public void Dispose() => _runtime.Dispose();

    private TextureRequest NextRequest() => _request with { Seed = _nextSeed++ };
}
