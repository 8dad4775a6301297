namespace Diffusion.Render.Devices;

/// <summary>What memory is in use: a snapshot.</summary>
/// <param name="AllocatedInBytes">What this library has allocated on the device; imported host memory is not in
/// it.</param>
/// <param name="AllocationCount">In how many allocations and imports.</param>
/// <param name="Heaps">The device's heaps.</param>
public sealed record MemoryUse(long AllocatedInBytes, int AllocationCount, IReadOnlyList<MemoryHeapUse> Heaps);
