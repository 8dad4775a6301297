using Diffusion.Render.Devices.Memory;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A Vulkan 1.3 device with a queue for graphics, compute and presentation, and its timeline.</summary>
/// <remarks>Made by <see cref="Create"/>, or an engine's by <see cref="Adopt"/>. Everything created on it is disposed
/// before it. One thread records and submits; others may poll <see cref="Timeline"/>.</remarks>
public sealed unsafe partial class VulkanDevice : IDisposable
{
    private readonly VulkanInstance _instance;
    private readonly bool _isAdopted;
    private readonly Action<string>? _log;
    private Device _handle;
    private bool _disposed;

    /// <summary>What the device is.</summary>
    public VulkanDeviceInfo Info { get; private set; } = null!;

    /// <summary>The timeline that every submission of the renderer's signals.</summary>
    public Timeline Timeline => Main.Timeline;

    /// <summary>
    /// The validation layer's messages, or null when validation is off or the instance an engine's.
    /// </summary>
    public ValidationLog? Validation => _instance.Validation;

    /// <summary>Silk.NET's functions for this device.</summary>
    public Vk Api => _instance.Api;

    /// <summary>The Vulkan handle.</summary>
    public Device Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _handle;
        }
    }

    /// <summary>The physical device.</summary>
    public PhysicalDevice PhysicalDevice { get; private set; }

    /// <summary>The queue; of an own device only the thread that renders submits to it.</summary>
    public Queue Queue => Main.Handle;

    /// <summary>The queue's family.</summary>
    public uint QueueFamily { get; private set; }

    /// <summary>Whether instance, device and queue are an engine's.</summary>
    public bool IsAdopted => _isAdopted;

    /// <summary>The features that are enabled, as far as this library knows them.</summary>
    public VulkanFeatures Features { get; private set; }

    /// <summary>Limits of the device.</summary>
    public PhysicalDeviceLimits Limits { get; private set; }

    /// <summary>Whether host memory can be imported without a copy.</summary>
    public bool SupportsHostImport => HostImportReason is null;

    /// <summary>Why host memory cannot be imported, or null when it can.</summary>
    public string? HostImportReason { get; private set; }

    /// <summary>What an imported address and size must be a multiple of, in bytes.</summary>
    public long HostImportAlignment { get; private set; }

    /// <summary>The device's UUID, by which other APIs know it.</summary>
    public Guid Uuid { get; private set; }

    /// <summary>Why memory and a timeline cannot be exported to another API, or null when they can.</summary>
    public string? ExportReason { get; private set; }

    /// <summary>Makes timelines that another API signals, where <see cref="ExportReason"/> is null.</summary>
    internal Func<VulkanDevice, string, ExportedTimeline> MakeExportedTimeline { get; private set; }
        = static (device, name) => new ExportedTimeline(device, name);

    /// <summary>Where compiled pipelines and what was measured are kept from run to run, or null.</summary>
    internal string? CacheFolder { get; private set; }

    /// <summary>The driver's version in its own encoding.</summary>
    internal uint DriverVersion { get; private set; }

    internal MemoryAllocator Memory { get; private set; } = null!;

    internal SurfaceKHR Surface { get; private set; }

    internal DevicePipelineCache Pipelines { get; private set; } = null!;

    internal PhysicalDeviceSubgroupProperties Subgroups { get; private set; }

    /// <summary>Cooperative matrices that kernels may use; empty where they are not there or not enabled.</summary>
    internal MatrixShape[] Matrices { get; private set; } = [];

    /// <summary>The engine's allocation callbacks, for all that is made on its device; else null.</summary>
    internal AllocationCallbacks* Allocator { get; private set; }

    internal ExtensionFunctions Functions => _instance.Functions;

    internal RetirementQueue Retirement { get; private set; } = null!;

    // Mesa's llvmpipe (22.3) was seen to loop without end in its anisotropic filter; on a CPU it is no bargain anyway.
    internal bool HasAnisotropy
        => Features.HasFlag(VulkanFeatures.SamplerAnisotropy) && Info.Type != PhysicalDeviceType.Cpu;

    internal Instance Instance => _instance.Handle;

    /// <summary>What memory is in use now, and how much the driver would give.</summary>
    public MemoryUse GetMemoryUse()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Memory.GetUse();
    }

    /// <summary>Waits until everything submitted here is done; an own device then has nothing left to do.</summary>
    public void WaitIdle()
    {
        if (_isAdopted)
        {
            // The rest of the engine's work is none of our business, and vkDeviceWaitIdle would need all its queues.
            Timeline.Wait(Timeline.Submitted);
            Compute.Timeline.Wait(Compute.Timeline.Submitted);
            return;
        }

        using (LockQueue())
        {
            // Idle, the device needs all its queues; that of networks has the same thread.
            Api.DeviceWaitIdle(Handle).Check();
        }
    }

    /// <summary>
    /// Waits for what was submitted here, destroys what was retired, and an own device and instance with it; an
    /// engine's
    /// device, instance and queue stay as they are.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        WaitIdleUnlessLost();
        Retirement.Flush();
        if (Memory.Leaks() is { } leaks)
        {
            Log(leaks);
        }

        Pipelines.Dispose();
        DisposeQueues();
        _disposed = true;
        DestroyHandles();
        _instance.Dispose();
    }

    /// <summary>
    /// Waits as <see cref="WaitIdle"/> does, for disposal: a lost device cannot be waited for, yet its objects still
    /// have
    /// to go.
    /// </summary>
    internal void WaitIdleUnlessLost()
    {
        try
        {
            WaitIdle();
        }
        catch (VulkanException error) when (error.Result == Result.ErrorDeviceLost)
        {
            // Nothing is left to wait for.
        }
    }

    /// <summary>Says a line to whoever listens.</summary>
    internal void Log(string line) => _log?.Invoke(line);

    /// <summary>Opens a named stretch of commands for debuggers; <see cref="EndLabel"/> closes it.</summary>
    /// <param name="commands">A command buffer being recorded.</param>
    /// <param name="name">Zero-terminated UTF-8; may go when this returns.</param>
    internal void BeginLabel(CommandBuffer commands, byte* name)
    {
        if (_instance.HasDebugUtils)
        {
            var label = new DebugUtilsLabelEXT { SType = StructureType.DebugUtilsLabelExt, PLabelName = name };
            Functions.CmdBeginDebugUtilsLabel(commands, &label);
        }
    }

    /// <summary>Closes what <see cref="BeginLabel"/> opened.</summary>
    internal void EndLabel(CommandBuffer commands)
    {
        if (_instance.HasDebugUtils)
        {
            Functions.CmdEndDebugUtilsLabel(commands);
        }
    }

    internal void SetName(ObjectType type, ulong handle, string name)
    {
        if (!_instance.HasDebugUtils || handle == 0)
        {
            return;
        }

        using var text = new Utf8Strings([name]);
        var info = new DebugUtilsObjectNameInfoEXT
        {
            SType = StructureType.DebugUtilsObjectNameInfoExt,
            ObjectType = type,
            ObjectHandle = handle,
            PObjectName = text.First,
        };
        Functions.SetDebugUtilsObjectName(_handle, &info);
    }
}
