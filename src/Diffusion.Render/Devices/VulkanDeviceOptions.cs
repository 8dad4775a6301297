using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>How to create a <see cref="VulkanDevice"/>.</summary>
public sealed record VulkanDeviceOptions
{
    /// <summary>
    /// A <see cref="PipelineCacheFolder"/> of the user's, which the demo has and <c>tune</c> writes to; null where the
    /// user has no folder for local data.
    /// </summary>
    public static string? UserCacheFolder
    {
        get
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return home.Length == 0 ? null : Path.Combine(home, "diffusion");
        }
    }

    /// <summary>The window to present to; null for a headless device.</summary>
    public IVkSurface? Window { get; init; }

    /// <summary>
    /// A part of the device's name (case ignored) or its index; null takes the best: discrete first, CPU last.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>
    /// Loads the Khronos validation layer with <see cref="Checks"/>; fails when it is not installed.
    /// </summary>
    public bool EnableValidation { get; init; }

    /// <summary>
    /// What the validation layer checks besides, default <see cref="ValidationChecks.Synchronisation"/>.
    /// </summary>
    public ValidationChecks Checks { get; init; } = ValidationChecks.Synchronisation;

    /// <summary>Leaves out VK_EXT_external_memory_host even where it is there, so that samples are staged.</summary>
    public bool DisableHostImport { get; init; }

    /// <summary>
    /// Has the device check each buffer access against what is bound, which costs a little. Kernels are bound to
    /// exactly their tensors and do not rely on it. Default false.
    /// </summary>
    public bool RobustBufferAccess { get; init; }

    /// <summary>
    /// Runs networks of the compute backend beside frames in place of between them: on a queue of a family without
    /// graphics, of low priority where VK_KHR_global_priority is there, else on a second one of the renderer's family,
    /// else on the renderer's own. A frame shows steps that are done and never waits for one. Default false; not yet
    /// run on a GPU.
    /// </summary>
    public bool AsyncCompute { get; init; }

    /// <summary>
    /// Takes a line when something is done in a lesser way than could be, with the reason: staging in place of an
    /// import, a pipeline cache that is ignored. Any thread; must not throw. Null: nothing is said.
    /// </summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// A folder in which compiled pipelines are kept from run to run, one file for each device and driver, and where
    /// the compute backend looks for what <see cref="Compute.Tuning.ComputeTuner"/> measured; null for none.
    /// </summary>
    public string? PipelineCacheFolder { get; init; }

    /// <summary>
    /// Makes timelines that another API signals; null exports Vulkan's own. Tests stand in for devices that cannot.
    /// </summary>
    internal Func<VulkanDevice, string, ExportedTimeline>? MakeExportedTimeline { get; init; }

    /// <summary>Loads Vulkan's functions; null takes the loader's. Tests make calls fail here.</summary>
    internal Func<Vk>? LoadApi { get; init; }
}
