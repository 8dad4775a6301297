using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

/// <summary>A model folder of which only the scheduler's file matters.</summary>
internal static class SchedulerFolder
{
    /// <summary>Opens one whose <c>scheduler_config.json</c> has the given members.</summary>
    public static ModelFolder Open(string members)
    {
        using TemporaryFolder folder = new();
        ModelFolder.Save(folder.Path, new UNetConfig(), new SchedulerConfig(), []);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(folder.Path));
        folder.WriteText("scheduler/scheduler_config.json", $"{{{members}}}");
        return ModelFolder.Open(folder.Path);
    }
}
