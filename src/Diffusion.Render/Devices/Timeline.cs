using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The device's one timeline: every submission signals the next value, so "done" is one comparison.</summary>
/// <remarks>The thread that submits reserves values; any thread may poll.</remarks>
public sealed unsafe class Timeline : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly OwnedHandles _owned;
    private Silk.NET.Vulkan.Semaphore _semaphore;

    internal Timeline(VulkanDevice device, string name = "timeline")
    {
        _device = device;
        var type = new SemaphoreTypeCreateInfo
        {
            SType = StructureType.SemaphoreTypeCreateInfo,
            SemaphoreType = SemaphoreType.Timeline,
        };
        var info = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo, PNext = &type };
        using var made = new Construction(device);
        Silk.NET.Vulkan.Semaphore semaphore;
        device.Api.CreateSemaphore(device.Handle, &info, device.Allocator, &semaphore).Check();
        _semaphore = made.Own(semaphore, name);
        _owned = made.Complete();
    }

    /// <summary>The timeline semaphore.</summary>
    public Silk.NET.Vulkan.Semaphore Semaphore => _semaphore;

    /// <summary>The value that the newest submission signals when it is done.</summary>
    public ulong Submitted { get; private set; }

    /// <summary>The newest value that the device has reached; polls, never waits.</summary>
    public ulong Completed => Read(_device, _semaphore);

    /// <summary>Waits until the device has reached <paramref name="value"/>.</summary>
    /// <param name="value">A value already submitted.</param>
    public void Wait(ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Submitted);
        Silk.NET.Vulkan.Semaphore semaphore = _semaphore;
        var info = new SemaphoreWaitInfo
        {
            SType = StructureType.SemaphoreWaitInfo,
            SemaphoreCount = 1,
            PSemaphores = &semaphore,
            PValues = &value,
        };
        _device.Api.WaitSemaphores(_device.Handle, &info, ulong.MaxValue).Check();
    }

    /// <summary>
    /// Waits as <see cref="Wait"/> does, for disposal: a lost device reads nothing more, so that counts as done.
    /// </summary>
    internal void WaitUnlessLost(ulong value)
    {
        try
        {
            Wait(value);
        }
        catch (VulkanException error) when (error.Result == Result.ErrorDeviceLost)
        {
            // Nothing is left to wait for.
        }
    }

    /// <summary>The value that any timeline semaphore of the device has reached.</summary>
    internal static ulong Read(VulkanDevice device, Silk.NET.Vulkan.Semaphore semaphore)
    {
        ulong value;
        device.Api.GetSemaphoreCounterValue(device.Handle, semaphore, &value).Check();
        return value;
    }

    /// <summary>Destroys the semaphore; the device is idle.</summary>
    public void Dispose()
    {
        _owned.Close();
        _semaphore = default;
    }

    /// <summary>Counts a submission that signals <see cref="Submitted"/> + 1.</summary>
    internal void Advance() => Submitted++;
}
