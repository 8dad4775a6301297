namespace Diffusion.Render.Devices;

/// <summary>One memory heap of a device.</summary>
/// <param name="IsDeviceLocal">Whether it is the device's own memory.</param>
/// <param name="SizeInBytes">Its size.</param>
/// <param name="BudgetInBytes">What this process may use of it before things slow down or fail; null where the driver
/// does not tell (VK_EXT_memory_budget).</param>
/// <param name="UsedInBytes">What this process, engine and all, uses of it; null where the driver does not
/// tell.</param>
public sealed record MemoryHeapUse(bool IsDeviceLocal, long SizeInBytes, long? BudgetInBytes, long? UsedInBytes);
