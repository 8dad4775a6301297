namespace Diffusion.Render.Compute.Planning;

/// <summary>Places tensors in one block of memory so that no two that live at one time overlap.</summary>
/// <remarks>
/// Largest first, each at the lowest place that is free for its whole life. Optimal placement is NP-hard; on U-Nets this
/// ends at the largest sum of live tensors or little above it.
/// </remarks>
internal static class Arena
{
    /// <summary>Offsets are multiples of this: the largest alignment that Vulkan lets a device ask for.</summary>
    public const long Alignment = 256;

    /// <summary>Sets every offset.</summary>
    /// <returns>The size of the block in bytes.</returns>
    public static long Place(IReadOnlyList<PlannedTensor> tensors)
    {
        List<PlannedTensor> placed = [];
        long size = 0;
        foreach (PlannedTensor tensor in tensors.OrderByDescending(t => t.SizeInBytes).ThenBy(t => t.FirstUse))
        {
            long offset = 0;
            foreach (PlannedTensor other in placed.Where(tensor.LivesWith).OrderBy(t => t.Offset))
            {
                if (offset + tensor.SizeInBytes <= other.Offset)
                {
                    break;
                }

                offset = Math.Max(offset, RoundUp(other.Offset + other.SizeInBytes));
            }

            tensor.Offset = offset;
            placed.Add(tensor);
            size = Math.Max(size, RoundUp(offset + tensor.SizeInBytes));
        }

        return size;
    }

    public static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
