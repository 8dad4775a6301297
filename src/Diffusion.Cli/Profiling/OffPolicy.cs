using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Profiling;

/// <summary>The host alone: what frames take without the runtime.</summary>
internal sealed class OffPolicy : IFramePolicy
{
    public string Name => PolicyNames.Off;

    public string Work => "nothing";

    public TickReport Tick(TimeSpan budget) => default;

    public void RestartFinished()
    {
    }

    public void Dispose()
    {
    }
}
