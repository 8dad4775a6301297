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

    private static EngineDevice ReadHost(in NativeVulkanHost host)
    {
        if ((host.LockQueue is null) != (host.UnlockQueue is null))
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument, "lock_queue and unlock_queue must both be given, or neither.");
        }

        string[] features = Utf8Text.ReadList(host.Features, host.FeatureCount, "features");
        return new EngineDevice
        {
            Instance = new Instance((nint)host.Instance),
            PhysicalDevice = new PhysicalDevice((nint)host.PhysicalDevice),
            Device = new Device((nint)host.Device),
            Queue = new Queue((nint)host.Queue),
            QueueFamily = host.QueueFamily,
            QueueLock = host.LockQueue is null
                ? null
                : new HostQueueLock(host.LockQueue, host.UnlockQueue, host.QueueUser),
            InstanceExtensions = Utf8Text.ReadList(
                host.InstanceExtensions, host.InstanceExtensionCount, "instance_extensions"),
            DeviceExtensions = Utf8Text.ReadList(
                host.DeviceExtensions, host.DeviceExtensionCount, "device_extensions"),
            Features = FeatureNames.Parse(features),
            GetInstanceProcAddr = (nint)host.GetInstanceProcAddr,
            AllocationCallbacks = (nint)host.Allocator,
        };
    }
}
