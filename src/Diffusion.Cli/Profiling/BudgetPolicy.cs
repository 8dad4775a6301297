using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Cli.Profiling;

/// <summary>The product: the runtime runs what its model of time expects to fit.</summary>
internal sealed class BudgetPolicy : IFramePolicy
{
    private readonly DiffusionRuntime _runtime;
    private readonly TextureHandle[] _textures;
    private readonly TextureRequest _request;
    private ulong _nextSeed;
    private bool _hasFinished;

    /// <summary>Submits the textures.</summary>
    public BudgetPolicy(LoadedModel model, TextureRequest request, int textures, TraceRecorder trace)
    {
        _runtime = model.CreateRuntime(request.Width, request.Height, new RuntimeOptions { Trace = trace });
        _request = request;
        _nextSeed = request.Seed;
        _textures = new TextureHandle[textures];
        for (int i = 0; i < textures; i++)
        {
            _textures[i] = _runtime.Submit(NextRequest());
        }
    }

    public string Name => PolicyNames.Budget;

    public string Work => "what is expected to fit";

    public TickReport Tick(TimeSpan budget)
    {
        TickReport report = _runtime.Tick(budget);
        _hasFinished = report.TexturesCompleted + report.TexturesFailed > 0;
        return report;
    }

    public void RestartFinished()
    {
        if (!_hasFinished)
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
                _runtime.Restart(texture, NextRequest());
            }
        }
    }

    public void Dispose() => _runtime.Dispose();

    private TextureRequest NextRequest() => _request with { Seed = _nextSeed++ };
}
