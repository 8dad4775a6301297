using Microsoft.Win32.SafeHandles;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A timeline semaphore that another API on the same device signals.</summary>
/// <remarks>The thread that renders; the other API signals when it likes. Dispose destroys it at once: nothing that
/// waits for it is in flight, and the other API has let go of it.</remarks>
internal unsafe class ExportedTimeline : IDisposable
{
    private readonly OwnedHandles _owned;

    public ExportedTimeline(VulkanDevice device, string name)
        : this(device, name, isExported: true)
    {
    }

    /// <param name="device">The device.</param>
    /// <param name="name">Debug name.</param>
    /// <param name="isExported">False for a stand-in, on devices that cannot.</param>
    protected ExportedTimeline(VulkanDevice device, string name, bool isExported)
    {
        Device = device;
        var export = new ExportSemaphoreCreateInfo
        {
            SType = StructureType.ExportSemaphoreCreateInfo,
            HandleTypes = ExternalHandles.Timeline,
        };
        var type = new SemaphoreTypeCreateInfo
        {
            SType = StructureType.SemaphoreTypeCreateInfo,
            PNext = isExported ? &export : null,
            SemaphoreType = SemaphoreType.Timeline,
        };
        var info = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo, PNext = &type };
        using var made = new Construction(device);
        Silk.NET.Vulkan.Semaphore semaphore;
        device.Api.CreateSemaphore(device.Handle, &info, device.Allocator, &semaphore).Check();
        Semaphore = made.Own(semaphore, name);
        _owned = made.Complete();
    }

    /// <summary>The newest value that the other API has signalled; polls, never waits.</summary>
    public virtual ulong Completed => Timeline.Read(Device, Semaphore);

    protected VulkanDevice Device { get; }

    protected Silk.NET.Vulkan.Semaphore Semaphore { get; }

    /// <summary>The handle by which the other API imports it.</summary>
    public virtual SafeFileHandle Export() => ExternalHandles.Export(Device, Semaphore);

    /// <summary>
    /// Has all that is submitted from now on come after a value, and see what was written before it was signalled.
    /// </summary>
    /// <param name="value">A value that <see cref="Completed"/> has reached, so that the queue does not stand
    /// still.</param>
    public void Acquire(ulong value) => Device.Main.WaitFor(Semaphore, value);

    public virtual void Dispose() => _owned.Close();
}
