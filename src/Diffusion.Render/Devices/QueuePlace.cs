using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A queue by its family and its number in it.</summary>
internal readonly record struct QueuePlace(uint Family, uint Index)
{
    // The first is the second by its later name.
    private static readonly string[] _priorityExtensions = ["VK_KHR_global_priority", "VK_EXT_global_priority"];

    /// <summary>
    /// Where networks run beside the renderer: a family with compute and no graphics, else a second queue of the
    /// renderer's, else its very queue.
    /// </summary>
    /// <param name="families">The device's, in order.</param>
    /// <param name="renderer">The family whose first queue renders.</param>
    public static QueuePlace ForCompute(ReadOnlySpan<QueueFamilyProperties> families, uint renderer)
    {
        const QueueFlags Both = QueueFlags.ComputeBit | QueueFlags.GraphicsBit;
        for (int i = 0; i < families.Length; i++)
        {
            if ((families[i].QueueFlags & Both) == QueueFlags.ComputeBit && families[i].QueueCount > 0)
            {
                return new QueuePlace((uint)i, 0);
            }
        }

        return new QueuePlace(renderer, families[(int)renderer].QueueCount > 1 ? 1u : 0);
    }

    /// <summary>The extension by which a queue can give way to all others of the machine, or null.</summary>
    public static string? PriorityExtension(IReadOnlySet<string> extensions) =>
        _priorityExtensions.FirstOrDefault(extensions.Contains);
}
