using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Cli.Profiling;

/// <summary>The product: the runtime runs what its model of time expects to fit.</summary>
internal sealed class BudgetPolicy : IFramePolicy
{
    private readonly DiffusionRuntime _runtime;
    private readonly EndlessTextures _textures;
    private TickReport _lastTick;

    /// <summary>Submits the textures.</summary>
    public BudgetPolicy(LoadedModel model, TextureRequest request, int textures, TraceRecorder trace)
    {
        _runtime = model.CreateRuntime(request.Width, request.Height, new RuntimeOptions { Trace = trace });
        _textures = new EndlessTextures(request, textures, _runtime.Submit, _runtime.GetProgress, _runtime.Restart);
    }

    public string Name => PolicyNames.Budget;

    public string Work => "what is expected to fit";

    public TickReport Tick(TimeSpan budget) => _lastTick = _runtime.Tick(budget);

    public void RestartFinished() => _textures.RestartFinished(_lastTick);

    public void Dispose() => _runtime.Dispose();
}
