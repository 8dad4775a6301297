namespace Diffusion.Render.Devices;

/// <summary>What memory is in use: a snapshot.</summary>
/// <param name="AllocatedInBytes">What this library has taken of the device's heaps; imported host memory is not in
/// it.</param>
/// <param name="AllocationCount">In how many allocations and imports: what counts against the device's
/// maxMemoryAllocationCount.</param>
/// <param name="UsedInBytes">What buffers and images take of it.</param>
/// <param name="ResourceCount">How many buffers and images, over imported memory too.</param>
/// <param name="Heaps">The device's heaps.</param>
public sealed record MemoryUse(
    long AllocatedInBytes, int AllocationCount, long UsedInBytes, int ResourceCount,
    IReadOnlyList<MemoryHeapUse> Heaps);
