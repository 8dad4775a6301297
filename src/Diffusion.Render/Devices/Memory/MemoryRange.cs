using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>The stretch of device memory that one resource is bound to.</summary>
/// <param name="Id">What <see cref="MemoryAllocator.Free"/> takes; never 0.</param>
/// <param name="Memory">The memory.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Mapped">The first byte in the host's address space, or 0 for memory that only the device sees.</param>
internal readonly record struct MemoryRange(ulong Id, DeviceMemory Memory, ulong Offset, nint Mapped);
