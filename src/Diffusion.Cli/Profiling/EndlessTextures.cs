using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;

namespace Diffusion.Cli.Profiling;

/// <summary>Textures of a runtime, or of its thread, that begin again with the next seed when they are done.</summary>
internal sealed class EndlessTextures
{
    private readonly TextureHandle[] _textures;
    private readonly TextureRequest _request;
    private readonly Func<TextureHandle, TextureProgress> _getProgress;
    private readonly Action<TextureHandle, TextureRequest> _restart;
    private ulong _nextSeed;

    /// <summary>Submits the textures.</summary>
    /// <param name="request">What each is; seeds count on from its own.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="submit">Begins a texture.</param>
    /// <param name="getProgress">How far a texture is.</param>
    /// <param name="restart">Begins another in a texture's place.</param>
    public EndlessTextures(
        TextureRequest request,
        int count,
        Func<TextureRequest, TextureHandle> submit,
        Func<TextureHandle, TextureProgress> getProgress,
        Action<TextureHandle, TextureRequest> restart)
    {
        _request = request;
        _getProgress = getProgress;
        _restart = restart;
        _nextSeed = request.Seed;
        _textures = new TextureHandle[count];
        for (int i = 0; i < count; i++)
        {
            _textures[i] = submit(NextRequest());
        }
    }

    /// <summary>Restarts what completed in a tick.</summary>
    /// <exception cref="UserErrorException">A texture failed.</exception>
    public void RestartFinished(in TickReport tick)
    {
        if (tick.TexturesCompleted + tick.TexturesFailed == 0)
        {
            return;
        }

        foreach (TextureHandle texture in _textures)
        {
            TextureProgress progress = _getProgress(texture);
            if (progress.Status == ChainStatus.Failed)
            {
                throw new UserErrorException($"a texture failed: {progress.FailureReason}");
            }

            if (progress.Status == ChainStatus.Completed)
            {
                _restart(texture, NextRequest());
            }
        }
    }

    private TextureRequest NextRequest() => _request with { Seed = _nextSeed++ };
}
