using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A Vulkan 1.3 device with one queue for graphics, compute and presentation, and one timeline.</summary>
/// <remarks>Everything created on it is disposed before it. One thread records and submits; others may poll
/// <see cref="Timeline"/>. Dispose waits until the device is idle.</remarks>
public sealed unsafe class VulkanDevice : IDisposable
{
    private readonly VulkanInstance _instance;
    private readonly Device _handle;
    private bool _disposed;

    private VulkanDevice(VulkanInstance instance, VulkanDeviceOptions options)
    {
        _instance = instance;
        if (options.Window is not null)
        {
            Surface = new SurfaceKHR(options.Window.Create(
                new VkHandle(instance.Handle.Handle), (AllocationCallbacks*)null).Handle);
        }

        try
        {
            var selector = new PhysicalDeviceSelector(instance);
            Info = selector.Select(options.Device);
            PhysicalDevice = selector.Handle(Info);
            QueueFamily = selector.FindQueueFamily(Info, Surface);
            if (Surface.Handle != 0 && !selector.HasExtension(Info, VulkanRequirements.SwapchainExtension))
            {
                throw new VulkanException(
                    $"{Info.Name} cannot present: it lacks {VulkanRequirements.SwapchainExtension}.");
            }

            bool offersHostImport = selector.HasExtension(Info, VulkanRequirements.ExternalMemoryHostExtension);
            HostImportReason = options.DisableHostImport ? "host import was switched off"
                : offersHostImport ? null
                : $"the device lacks {VulkanRequirements.ExternalMemoryHostExtension}";
            ReadLimits(offersHostImport);
            _handle = CreateDevice();
            Functions.LoadDevice(Api, _handle);
            Queue queue;
            Api.GetDeviceQueue(_handle, QueueFamily, 0, &queue);
            Queue = queue;
            SetName(ObjectType.Queue, (ulong)queue.Handle, "queue");
            Timeline = new Timeline(this);
            Retirement = new RetirementQueue(this);
        }
        catch
        {
            DestroyHandles();
            throw;
        }
    }

    /// <summary>What the device is.</summary>
    public VulkanDeviceInfo Info { get; } = null!;

    /// <summary>The timeline that every submission signals.</summary>
    public Timeline Timeline { get; } = null!;

    /// <summary>The validation layer's messages, or null when validation is off.</summary>
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
    public PhysicalDevice PhysicalDevice { get; }

    /// <summary>The queue; only the thread that renders submits to it.</summary>
    public Queue Queue { get; }

    /// <summary>The queue's family.</summary>
    public uint QueueFamily { get; }

    /// <summary>Limits of the device.</summary>
    public PhysicalDeviceLimits Limits { get; private set; }

    /// <summary>Whether host memory can be imported without a copy.</summary>
    public bool SupportsHostImport => HostImportReason is null;

    /// <summary>Why host memory cannot be imported, or null when it can.</summary>
    public string? HostImportReason { get; }

    /// <summary>What an imported address and size must be a multiple of, in bytes.</summary>
    public long HostImportAlignment { get; private set; }

    internal SurfaceKHR Surface { get; }

    internal PhysicalDeviceSubgroupProperties Subgroups { get; private set; }

    internal ExtensionFunctions Functions => _instance.Functions;

    internal RetirementQueue Retirement { get; } = null!;

    internal bool HasAnisotropy { get; private set; }

    internal Instance Instance => _instance.Handle;

    /// <summary>Creates a device.</summary>
    /// <param name="options">Window, device, validation.</param>
    /// <exception cref="VulkanException">No loader, driver, device, extension or validation layer; the message says
    /// which.</exception>
    public static VulkanDevice Create(VulkanDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        VulkanInstance instance = CreateInstance(options);
        try
        {
            return new VulkanDevice(instance, options);
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }

    /// <summary>The devices that this machine offers, in the driver's order.</summary>
    /// <exception cref="VulkanException">No loader or driver.</exception>
    public static IReadOnlyList<VulkanDeviceInfo> List()
    {
        using VulkanInstance instance = CreateInstance(new VulkanDeviceOptions());
        return new PhysicalDeviceSelector(instance).Devices;
    }

    /// <summary>Waits until the device has nothing left to do.</summary>
    public void WaitIdle() => Api.DeviceWaitIdle(Handle).Check();

    /// <summary>Waits until the device is idle and destroys it with all that was retired.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        // A lost device cannot be waited for, yet its objects still have to go.
        _ = Api.DeviceWaitIdle(_handle);
        Retirement.Flush();
        Timeline.Dispose();
        _disposed = true;
        DestroyHandles();
        _instance.Dispose();
    }

    /// <summary>Submits recorded commands; the host does not wait. Allocates nothing.</summary>
    /// <returns>The timeline's value when they are done.</returns>
    internal ulong Submit(CommandBuffer recorded)
    {
        var commands = new CommandBufferSubmitInfo
        {
            SType = StructureType.CommandBufferSubmitInfo,
            CommandBuffer = recorded,
        };
        var signal = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = Timeline.Semaphore,
            Value = Timeline.Submitted + 1,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            CommandBufferInfoCount = 1,
            PCommandBufferInfos = &commands,
            SignalSemaphoreInfoCount = 1,
            PSignalSemaphoreInfos = &signal,
        };
        Api.QueueSubmit2(Queue, 1, &submit, default).Check();
        Timeline.Advance();
        return Timeline.Submitted;
    }

    internal void SetName(ObjectType type, ulong handle, string name)
    {
        if (Validation is null || handle == 0)
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

    private static VulkanInstance CreateInstance(VulkanDeviceOptions options)
    {
        VulkanRequirements requirements = options.Window is null
            ? VulkanRequirements.Headless
            : VulkanRequirements.Presenting(VulkanInstance.SurfaceExtensions(options.Window));
        return new VulkanInstance(requirements.InstanceExtensions, options.EnableValidation, options.LoadApi);
    }

    private void ReadLimits(bool offersHostImport)
    {
        var host = new PhysicalDeviceExternalMemoryHostPropertiesEXT
        {
            SType = StructureType.PhysicalDeviceExternalMemoryHostPropertiesExt,
        };
        var subgroups = new PhysicalDeviceSubgroupProperties
        {
            SType = StructureType.PhysicalDeviceSubgroupProperties,
            PNext = offersHostImport ? &host : null,
        };
        var properties = new PhysicalDeviceProperties2
        {
            SType = StructureType.PhysicalDeviceProperties2,
            PNext = &subgroups,
        };
        Api.GetPhysicalDeviceProperties2(PhysicalDevice, &properties);
        Limits = properties.Properties.Limits;
        Subgroups = subgroups with { PNext = null };
        HostImportAlignment = (long)host.MinImportedHostPointerAlignment;
        PhysicalDeviceFeatures features;
        Api.GetPhysicalDeviceFeatures(PhysicalDevice, &features);

        // Mesa's llvmpipe (22.3) was seen to loop without end in its anisotropic filter; on a CPU it is no bargain
        // anyway.
        HasAnisotropy = features.SamplerAnisotropy && Info.Type != PhysicalDeviceType.Cpu;
    }

    private Device CreateDevice()
    {
        List<string> names = [];
        if (Surface.Handle != 0)
        {
            names.Add(VulkanRequirements.SwapchainExtension);
        }

        if (SupportsHostImport)
        {
            names.Add(VulkanRequirements.ExternalMemoryHostExtension);
        }

        using var extensions = new Utf8Strings(names);
        float priority = 1;
        var queue = new DeviceQueueCreateInfo
        {
            SType = StructureType.DeviceQueueCreateInfo,
            QueueFamilyIndex = QueueFamily,
            QueueCount = 1,
            PQueuePriorities = &priority,
        };
        var features13 = new PhysicalDeviceVulkan13Features
        {
            SType = StructureType.PhysicalDeviceVulkan13Features,
            DynamicRendering = true,
            Synchronization2 = true,

            // glslang writes LocalSizeId for Vulkan 1.3, which this feature admits.
            Maintenance4 = true,
        };
        var features12 = new PhysicalDeviceVulkan12Features
        {
            SType = StructureType.PhysicalDeviceVulkan12Features,
            PNext = &features13,
            TimelineSemaphore = true,
        };
        var features = new PhysicalDeviceFeatures { SamplerAnisotropy = HasAnisotropy };
        var info = new DeviceCreateInfo
        {
            SType = StructureType.DeviceCreateInfo,
            PNext = &features12,
            QueueCreateInfoCount = 1,
            PQueueCreateInfos = &queue,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointers,
            PEnabledFeatures = &features,
        };
        Device device;
        Api.CreateDevice(PhysicalDevice, &info, null, &device).Check();
        Api.CurrentDevice = device;
        return device;
    }

    private void DestroyHandles()
    {
        if (_handle.Handle != 0)
        {
            Api.DestroyDevice(_handle, null);
        }

        if (Surface.Handle != 0)
        {
            Functions.DestroySurface(_instance.Handle, Surface);
        }
    }
}
