using Diffusion.Render.Devices.Memory;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <content>How a device comes about, and how an own one goes.</content>
public sealed unsafe partial class VulkanDevice
{
    private VulkanDevice(VulkanInstance instance, VulkanRequirements requirements, VulkanDeviceOptions options)
    {
        _instance = instance;
        _log = options.Log;
        if (options.Window is not null)
        {
            Surface = new SurfaceKHR(options.Window.Create(
                new VkHandle(instance.Handle.Handle), (AllocationCallbacks*)null).Handle);
        }

        try
        {
            var selector = new PhysicalDeviceSelector(instance, requirements);
            Info = DeviceChoice.Choose(selector.Devices, options.Device);
            PhysicalDevice = selector.Handle(Info);
            QueueFamily = selector.FindQueueFamily(Info, Surface);
            VulkanDeviceRequirements needs = selector.Requirements(Info);
            Features = needs.Features | needs.OptionalFeatures
                | (options.RobustBufferAccess ? VulkanFeatures.RobustBufferAccess : VulkanFeatures.None);
            QueuePlace renderer = new(QueueFamily, 0);
            QueuePlace compute = options.AsyncCompute
                ? QueuePlace.ForCompute(PhysicalDevices.QueueFamilies(Api, PhysicalDevice), QueueFamily)
                : renderer;
            string? priority = compute.Family == QueueFamily
                ? null
                : QueuePlace.PriorityExtension(PhysicalDevices.Extensions(Api, PhysicalDevice));
            string[] extensions = [.. needs.Extensions, .. needs.OptionalExtensions.Where(
                name => !options.DisableHostImport || name != VulkanRequirements.ExternalMemoryHostExtension)];
            HostImportReason = options.DisableHostImport
                ? "host import was switched off"
                : WhyNoHostImport(needs, extensions);
            MakeExportedTimeline = options.MakeExportedTimeline ?? MakeExportedTimeline;
            ExportReason = ExternalHandles.WhyNoMemory(this, needs.OptionalExtensions, extensions)
                ?? (options.MakeExportedTimeline is null
                    ? ExternalHandles.WhyNoTimeline(this, needs.OptionalExtensions, extensions)
                    : null);
            ReadLimits(extensions);
            _handle = CreateDevice(priority is null ? extensions : [.. extensions, priority], compute, priority);
            var queueLock = new OwnQueueLock();
            Queue queue = QueueAt(renderer);
            if (options.AsyncCompute && compute == renderer)
            {
                Log($"{Info.Name} has no second queue: networks share the renderer's.");
            }

            Start(options.PipelineCacheFolder, queue, queueLock, !options.AsyncCompute
                ? null
                : new EngineCompute(QueueAt(compute), compute.Family));
        }
        catch
        {
            DestroyHandles();
            throw;
        }
    }

    private VulkanDevice(VulkanInstance instance, EngineDevice engine)
    {
        _instance = instance;
        _log = engine.Log;
        _isAdopted = true;
        PhysicalDevice = engine.PhysicalDevice;
        int index = Array.IndexOf(PhysicalDevices.Enumerate(Api, engine.Instance), engine.PhysicalDevice);
        Info = PhysicalDevices.Describe(Api, PhysicalDevice, index);
        QueueFamily = engine.QueueFamily;
        Features = engine.Features;
        VulkanDeviceRequirements needs = VulkanRequirements.Headless.Evaluate(Api, PhysicalDevice);
        RequireServed(engine, needs);
        RequireCompute(engine.Compute);
        HostImportReason = WhyNoHostImport(needs, engine.DeviceExtensions);
        ExportReason = ExternalHandles.WhyNoMemory(this, needs.OptionalExtensions, engine.DeviceExtensions)
            ?? ExternalHandles.WhyNoTimeline(this, needs.OptionalExtensions, engine.DeviceExtensions);
        ReadLimits(engine.DeviceExtensions);
        Allocator = (AllocationCallbacks*)engine.AllocationCallbacks;
        _handle = engine.Device;
        Start(
            engine.PipelineCacheFolder, engine.Queue, engine.QueueLock ?? new OwnQueueLock(), engine.Compute);
    }

    /// <summary>Creates a device of its own.</summary>
    /// <param name="options">Window, device, validation.</param>
    /// <exception cref="VulkanException">No loader, driver, device, extension or validation layer; the message says
    /// which.</exception>
    public static VulkanDevice Create(VulkanDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        VulkanRequirements requirements = options.Window is null
            ? VulkanRequirements.Headless
            : VulkanRequirements.Presenting(VulkanInstance.SurfaceExtensions(options.Window));
        VulkanInstance instance = CreateInstance(requirements, options);
        try
        {
            return new VulkanDevice(instance, requirements, options);
        }
        catch
        {
            instance.Dispose();
            throw;
        }
    }

    /// <summary>Lives on an engine's instance, device and queue.</summary>
    /// <remarks>Nothing of the engine's is destroyed, and only work submitted here is ever waited for. Submissions to
    /// the
    /// queue are made on the thread that calls, under the engine's lock. The engine keeps presenting: a
    /// <see cref="Frames.SwapchainTarget"/> needs a device of its own.</remarks>
    /// <param name="engine">What the engine lends, and what it enabled.</param>
    /// <exception cref="ArgumentException">A handle is null.</exception>
    /// <exception cref="VulkanException">The device or the queue's family lacks something that
    /// <see cref="VulkanRequirements.Headless"/> requires, or it is not enabled; the message names it.</exception>
    public static VulkanDevice Adopt(EngineDevice engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        RequireHandle(engine.Instance.Handle, nameof(engine.Instance));
        RequireHandle(engine.PhysicalDevice.Handle, nameof(engine.PhysicalDevice));
        RequireHandle(engine.Device.Handle, nameof(engine.Device));
        RequireHandle(engine.Queue.Handle, nameof(engine.Queue));
        var instance = new VulkanInstance(engine);
        try
        {
            return new VulkanDevice(instance, engine);
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
        using VulkanInstance instance = CreateInstance(VulkanRequirements.Headless, new VulkanDeviceOptions());
        return new PhysicalDeviceSelector(instance, VulkanRequirements.Headless).Devices;
    }

    private static VulkanInstance CreateInstance(VulkanRequirements requirements, VulkanDeviceOptions options)
        => new(
            requirements.InstanceExtensions, options.EnableValidation ? options.Checks : null, options.LoadApi);

    private static void RequireHandle(nint handle, string name)
    {
        if (handle == 0)
        {
            throw new ArgumentException($"EngineDevice.{name} is a null handle.");
        }
    }

    private static string? WhyNoHostImport(VulkanDeviceRequirements needs, IReadOnlyList<string> enabled)
    {
        const string Extension = VulkanRequirements.ExternalMemoryHostExtension;
        return !needs.OptionalExtensions.Contains(Extension) ? $"the device lacks {Extension}"
            : !enabled.Contains(Extension) ? $"the engine did not enable {Extension}"
            : null;
    }

    private void RequireServed(EngineDevice engine, VulkanDeviceRequirements needs)
    {
        if (!needs.IsServed)
        {
            throw new VulkanException($"{Info.Name} lacks {string.Join(" and ", needs.Missing)}.");
        }

        if (!needs.QueueFamilies.Contains(engine.QueueFamily))
        {
            throw new VulkanException(
                $"Queue family {engine.QueueFamily} of {Info.Name} does not serve graphics and compute; " +
                $"these do: {string.Join(", ", needs.QueueFamilies)}.");
        }

        string[] missing = [.. needs.Extensions.Except(engine.DeviceExtensions)];
        VulkanFeatures lacking = needs.Features & ~engine.Features;
        if (missing.Length > 0 || lacking != VulkanFeatures.None)
        {
            string names = string.Join(", ", lacking == VulkanFeatures.None ? missing : [.. missing, $"{lacking}"]);
            throw new VulkanException(
                $"The engine's device was created without {names}, which VulkanRequirements ask.");
        }
    }

    private void Start(string? pipelineCacheFolder, Queue queue, IQueueLock queueLock, EngineCompute? compute)
    {
        Api.CurrentDevice = _handle;
        Functions.LoadDevice(Api, _handle);
        if (!_isAdopted)
        {
            SetName(ObjectType.Device, (ulong)_handle.Handle, "device");
            SetName(ObjectType.Queue, (ulong)queue.Handle, "queue");
        }

        PhysicalDeviceProperties properties;
        Api.GetPhysicalDeviceProperties(PhysicalDevice, &properties);
        (CacheFolder, DriverVersion) = (pipelineCacheFolder, properties.DriverVersion);
        Memory = new MemoryAllocator(this);
        Retirement = new RetirementQueue(this);
        try
        {
            Main = new DeviceQueue(this, queue, QueueFamily, queueLock, "timeline");
            Compute = compute is null ? Main : new DeviceQueue(
                this, compute.Queue, compute.Family,
                compute.Queue.Handle == queue.Handle ? queueLock : compute.Lock ?? new OwnQueueLock(),
                "compute timeline");
            Pipelines = new DevicePipelineCache(this, pipelineCacheFolder, properties);
        }
        catch
        {
            DisposeQueues();
            throw;
        }
    }

    private void ReadLimits(IReadOnlyList<string> extensions)
    {
        var host = new PhysicalDeviceExternalMemoryHostPropertiesEXT
        {
            SType = StructureType.PhysicalDeviceExternalMemoryHostPropertiesExt,
        };
        var subgroups = new PhysicalDeviceSubgroupProperties
        {
            SType = StructureType.PhysicalDeviceSubgroupProperties,
            PNext = SupportsHostImport ? &host : null,
        };
        var identity = new PhysicalDeviceIDProperties
        {
            SType = StructureType.PhysicalDeviceIDProperties,
            PNext = &subgroups,
        };
        var properties = new PhysicalDeviceProperties2
        {
            SType = StructureType.PhysicalDeviceProperties2,
            PNext = &identity,
        };
        Api.GetPhysicalDeviceProperties2(PhysicalDevice, &properties);
        Limits = properties.Properties.Limits;
        Subgroups = subgroups with { PNext = null };
        Uuid = new Guid(new ReadOnlySpan<byte>(identity.DeviceUuid, sizeof(Guid)));
        HostImportAlignment = (long)host.MinImportedHostPointerAlignment;
        if (Features.HasFlag(CooperativeMatrices.Features)
            && extensions.Contains(VulkanRequirements.CooperativeMatrixExtension))
        {
            Matrices = CooperativeMatrices.Shapes(this);
        }
    }

    private void DestroyHandles()
    {
        if (_handle.Handle != 0 && !_isAdopted)
        {
            Api.DestroyDevice(_handle, null);
        }

        if (Surface.Handle != 0)
        {
            Functions.DestroySurface(_instance.Handle, Surface);
        }
    }
}
