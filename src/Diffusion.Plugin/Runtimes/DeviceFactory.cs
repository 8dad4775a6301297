using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Makes the Vulkan device of a runtime: its own, or one on the host's objects.</summary>
internal static unsafe class DeviceFactory
{
    public static VulkanDevice Create(in NativeCreateInfo info, HostLog log)
    {
        Action<string> write = line => log.Write(LogLevel.Info, line);
        string? cache = Utf8Text.Read(info.PipelineCacheFolder, "pipeline_cache_folder");
        if (info.Vulkan is not null)
        {
            EngineDevice engine = ReadHost(StructCopy.Read<NativeVulkanHost>(info.Vulkan, "diffusion_vulkan_host"));
            return Adopt(engine with { Log = write, PipelineCacheFolder = cache });
        }

        try
        {
            return VulkanDevice.Create(new VulkanDeviceOptions
            {
                Device = Utf8Text.Read(info.DeviceName, "device_name"),
                Log = write,
                PipelineCacheFolder = cache,
                EnableValidation = ((CreateFlags)info.Flags).HasFlag(CreateFlags.Validation),
            });
        }
        catch (VulkanException error) when (error.Result == Result.Success)
        {
            throw new PluginException(ResultCode.ErrorNoDevice, error.Message);
        }
    }

    private static VulkanDevice Adopt(EngineDevice engine)
    {
        try
        {
            return VulkanDevice.Adopt(engine);
        }
        catch (VulkanException error) when (error.Result == Result.Success)
        {
            throw new PluginException(ResultCode.ErrorUnsupported, error.Message);
        }
    }

    /// <summary>The host's objects as the device takes them.</summary>
    /// <exception cref="PluginException">A field contradicts another.</exception>
    internal static EngineDevice ReadHost(in NativeVulkanHost host)
    {
        if (host.Reserved != 0)
        {
            throw new PluginException(
                ResultCode.ErrorUnsupported,
                $"diffusion_vulkan_host: reserved is {host.Reserved}, which this library does not know.");
        }

        string[] features = Utf8Text.ReadList(host.Features, host.FeatureCount, "features");
        return new EngineDevice
        {
            Instance = new Instance((nint)host.Instance),
            PhysicalDevice = new PhysicalDevice((nint)host.PhysicalDevice),
            Device = new Device((nint)host.Device),
            Queue = new Queue((nint)host.Queue),
            QueueFamily = host.QueueFamily,
            QueueLock = HostQueueLock.Of(
                host.LockQueue, host.UnlockQueue, host.QueueUser, "lock_queue and unlock_queue"),
            Compute = ReadCompute(host),
            InstanceExtensions = Utf8Text.ReadList(
                host.InstanceExtensions, host.InstanceExtensionCount, "instance_extensions"),
            DeviceExtensions = Utf8Text.ReadList(
                host.DeviceExtensions, host.DeviceExtensionCount, "device_extensions"),
            Features = FeatureNames.Parse(features),
            GetInstanceProcAddr = (nint)host.GetInstanceProcAddr,
            AllocationCallbacks = (nint)host.Allocator,
        };
    }

    private static EngineCompute? ReadCompute(in NativeVulkanHost host)
    {
        HostQueueLock? queueLock = HostQueueLock.Of(
            host.LockComputeQueue, host.UnlockComputeQueue, host.ComputeQueueUser,
            "lock_compute_queue and unlock_compute_queue");
        if (host.ComputeQueue is not null)
        {
            return new EngineCompute(new Queue((nint)host.ComputeQueue), host.ComputeQueueFamily, queueLock);
        }

        return queueLock is null && host.ComputeQueueFamily == 0
            ? null
            : throw new PluginException(
                ResultCode.ErrorInvalidArgument,
                "compute_queue is null, but its family or its lock is given.");
    }
}
