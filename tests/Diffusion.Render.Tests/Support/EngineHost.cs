using System.Runtime.InteropServices;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>
/// Stands for an engine: its own instance, device and queue by raw calls, with what the requirements asked for and
/// nothing else, under the validation layer.
/// </summary>
internal sealed unsafe class EngineHost : IDisposable
{
    private readonly GCHandle _logHandle;
    private readonly bool _validates;
    private DebugUtilsMessengerEXT _messenger;

    /// <param name="takesOptional">Whether what the requirements call optional is enabled too.</param>
    /// <param name="leftOut">A feature that this engine forgets.</param>
    /// <param name="validates">Whether the validation layer listens; without it frames go at full speed.</param>
    public EngineHost(bool takesOptional, VulkanFeatures leftOut = VulkanFeatures.None, bool validates = true)
    {
        _validates = validates;
        Api = Vk.GetApi();
        _logHandle = GCHandle.Alloc(Log);
        VulkanRequirements asked = VulkanRequirements.Headless;
        string[] instanceExtensions =
        [
            .. asked.InstanceExtensions,
            .. (string[])(validates
                ? [VulkanRequirements.DebugUtilsExtension, VulkanRequirements.ValidationFeaturesExtension]
                : []),
        ];
        Instance = CreateInstance(instanceExtensions);
        PhysicalDevice = FirstPhysicalDevice();
        VulkanDeviceRequirements needs = asked.ForDevice(Instance, PhysicalDevice);
        Assert.Empty(needs.Missing);
        string[] extensions =
        [
            .. needs.Extensions,
            .. takesOptional ? needs.OptionalExtensions : [],
        ];
        VulkanFeatures features = (needs.Features | (takesOptional ? needs.OptionalFeatures : 0)) & ~leftOut;
        QueueFamily = needs.QueueFamilies[0];
        Device = CreateDevice(extensions, features);
        Queue queue;
        Api.GetDeviceQueue(Device, QueueFamily, 0, &queue);
        Queue = queue;
        Lent = new EngineDevice
        {
            Instance = Instance,
            PhysicalDevice = PhysicalDevice,
            Device = Device,
            Queue = Queue,
            QueueFamily = QueueFamily,
            QueueLock = Lock,
            InstanceExtensions = takesOptional ? instanceExtensions : [],
            DeviceExtensions = extensions,
            Features = features,
        };
    }

    public Vk Api { get; }

    public Instance Instance { get; }

    public PhysicalDevice PhysicalDevice { get; }

    public Device Device { get; }

    public Queue Queue { get; }

    public uint QueueFamily { get; }

    public EngineLock Lock { get; } = new();

    public ValidationLog Log { get; } = new();

    /// <summary>What the engine tells of itself.</summary>
    public EngineDevice Lent { get; }

    /// <summary>The engine's own vkGetInstanceProcAddr.</summary>
    public nint GetInstanceProcAddr => Api.Context.GetProcAddress("vkGetInstanceProcAddr");

    public Silk.NET.Vulkan.Semaphore CreateTimeline()
    {
        var type = new SemaphoreTypeCreateInfo
        {
            SType = StructureType.SemaphoreTypeCreateInfo,
            SemaphoreType = SemaphoreType.Timeline,
        };
        var info = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo, PNext = &type };
        Silk.NET.Vulkan.Semaphore semaphore;
        Api.CreateSemaphore(Device, &info, null, &semaphore).Check();
        return semaphore;
    }

    /// <summary>Destroys a timeline once the queue is done with it.</summary>
    public void Destroy(Silk.NET.Vulkan.Semaphore timeline)
    {
        Api.DeviceWaitIdle(Device).Check();
        Api.DestroySemaphore(Device, timeline, null);
    }

    /// <summary>Submits under the lock, signalling a timeline semaphore or a fence.</summary>
    public void Submit(
        CommandBuffer commands, Silk.NET.Vulkan.Semaphore signal = default, ulong value = 0, Fence fence = default)
    {
        var commandInfo = new CommandBufferSubmitInfo
        {
            SType = StructureType.CommandBufferSubmitInfo,
            CommandBuffer = commands,
        };
        var signalInfo = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = signal,
            Value = value,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            CommandBufferInfoCount = commands.Handle == 0 ? 0u : 1u,
            PCommandBufferInfos = &commandInfo,
            SignalSemaphoreInfoCount = signal.Handle == 0 ? 0u : 1u,
            PSignalSemaphoreInfos = &signalInfo,
        };
        Lock.Enter();
        try
        {
            Api.QueueSubmit2(Queue, 1, &submit, fence).Check();
        }
        finally
        {
            Lock.Exit();
        }
    }

    /// <summary>Fails on any message so far; after <see cref="Dispose"/> also on objects that were left.</summary>
    public void AssertSilent() => Assert.True(Log.Messages.Count == 0, string.Join('\n', Log.Messages));

    public void Dispose()
    {
        // The layer reports here whatever of the device's was not destroyed.
        Api.DestroyDevice(Device, null);
        if (_validates)
        {
            var destroy = (delegate* unmanaged<Instance, DebugUtilsMessengerEXT, void*, void>)Api.GetInstanceProcAddr(
                Instance, "vkDestroyDebugUtilsMessengerEXT").Handle;
            destroy(Instance, _messenger, null);
        }

        Api.DestroyInstance(Instance, null);
        _logHandle.Free();
        Api.Dispose();
    }

    private Instance CreateInstance(string[] names)
    {
        using var extensions = new Utf8Strings(names);
        using var layers = new Utf8Strings(_validates ? [VulkanRequirements.ValidationLayer] : []);
        var application = new ApplicationInfo { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version13 };
        ValidationFeatureEnableEXT feature = ValidationFeatureEnableEXT.SynchronizationValidationExt;
        var features = new ValidationFeaturesEXT
        {
            SType = StructureType.ValidationFeaturesExt,
            EnabledValidationFeatureCount = 1,
            PEnabledValidationFeatures = &feature,
        };
        var info = new InstanceCreateInfo
        {
            SType = StructureType.InstanceCreateInfo,
            PNext = _validates ? &features : null,
            PApplicationInfo = &application,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointers,
            EnabledLayerCount = layers.Count,
            PpEnabledLayerNames = layers.Pointers,
        };
        Instance instance;
        Api.CreateInstance(&info, null, &instance).Check();
        if (!_validates)
        {
            return instance;
        }

        DebugUtilsMessengerCreateInfoEXT messengerInfo = ValidationLog.MessengerInfo(_logHandle);
        var create = (delegate* unmanaged<Instance, DebugUtilsMessengerCreateInfoEXT*, void*, DebugUtilsMessengerEXT*,
            Result>)Api.GetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT").Handle;
        fixed (DebugUtilsMessengerEXT* messenger = &_messenger)
        {
            create(instance, &messengerInfo, null, messenger).Check("CreateDebugUtilsMessengerEXT");
        }

        return instance;
    }

    private PhysicalDevice FirstPhysicalDevice()
    {
        uint count = 1;
        PhysicalDevice physicalDevice;
        Api.EnumeratePhysicalDevices(Instance, &count, &physicalDevice).Check();
        return physicalDevice;
    }

    private Device CreateDevice(string[] names, VulkanFeatures features)
    {
        using var extensions = new Utf8Strings(names);
        float priority = 1;
        var queue = new DeviceQueueCreateInfo
        {
            SType = StructureType.DeviceQueueCreateInfo,
            QueueFamilyIndex = QueueFamily,
            QueueCount = 1,
            PQueuePriorities = &priority,
        };
        var matrices = new PhysicalDeviceCooperativeMatrixFeaturesKHR
        {
            SType = StructureType.PhysicalDeviceCooperativeMatrixFeaturesKhr,
            CooperativeMatrix = features.HasFlag(VulkanFeatures.CooperativeMatrix),
        };
        var features13 = new PhysicalDeviceVulkan13Features
        {
            SType = StructureType.PhysicalDeviceVulkan13Features,
            PNext = names.Contains(VulkanRequirements.CooperativeMatrixExtension) ? &matrices : null,
            DynamicRendering = features.HasFlag(VulkanFeatures.DynamicRendering),
            Synchronization2 = features.HasFlag(VulkanFeatures.Synchronization2),
            Maintenance4 = features.HasFlag(VulkanFeatures.Maintenance4),
            SubgroupSizeControl = features.HasFlag(VulkanFeatures.SubgroupSizeControl),
            ComputeFullSubgroups = features.HasFlag(VulkanFeatures.ComputeFullSubgroups),
        };
        var features12 = new PhysicalDeviceVulkan12Features
        {
            SType = StructureType.PhysicalDeviceVulkan12Features,
            PNext = &features13,
            TimelineSemaphore = features.HasFlag(VulkanFeatures.TimelineSemaphore),
            ShaderFloat16 = features.HasFlag(VulkanFeatures.ShaderFloat16),
            VulkanMemoryModel = features.HasFlag(VulkanFeatures.VulkanMemoryModel),
            VulkanMemoryModelDeviceScope = features.HasFlag(VulkanFeatures.VulkanMemoryModelDeviceScope),
        };
        var core = new PhysicalDeviceFeatures
        {
            SamplerAnisotropy = features.HasFlag(VulkanFeatures.SamplerAnisotropy),
        };
        var info = new DeviceCreateInfo
        {
            SType = StructureType.DeviceCreateInfo,
            PNext = &features12,
            QueueCreateInfoCount = 1,
            PQueueCreateInfos = &queue,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointers,
            PEnabledFeatures = &core,
        };
        Device device;
        Api.CreateDevice(PhysicalDevice, &info, null, &device).Check();
        return device;
    }
}
