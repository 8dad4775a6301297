using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A queue of an engine's on which networks run beside its frames.</summary>
/// <param name="Queue">The queue; it may be <see cref="EngineDevice.Queue"/> itself, whose lock then holds.</param>
/// <param name="Family">Its family, one with compute.</param>
/// <param name="Lock">
/// The engine's lock around uses of the queue; null when no one else uses it.
/// </param>
public sealed record EngineCompute(Queue Queue, uint Family, IQueueLock? Lock = null);
