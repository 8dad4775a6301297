using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>An engine's device as a <c>diffusion_vulkan_host</c>, with its lock as callbacks.</summary>
internal sealed unsafe class LentDevice : IDisposable
{
    private readonly NativeVulkanHost* _host;

    public LentDevice(EngineHost engine)
    {
        _host = (NativeVulkanHost*)NativeMemory.Alloc((nuint)sizeof(NativeVulkanHost));
        NativeVulkanHost host = C.Init<NativeVulkanHost>();
        host.Instance = (void*)engine.Instance.Handle;
        host.PhysicalDevice = (void*)engine.PhysicalDevice.Handle;
        host.Device = (void*)engine.Device.Handle;
        host.Queue = (void*)engine.Queue.Handle;
        host.QueueFamily = engine.QueueFamily;
        host.GetInstanceProcAddr = (void*)engine.GetInstanceProcAddr;

        // Lives as long as the process, as an engine's lock does.
        host.QueueUser = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(engine.Lock));
        host.LockQueue = &Enter;
        host.UnlockQueue = &Exit;
        string[] features = FeatureNames.Of(engine.Lent.Features);
        host.InstanceExtensionCount = (uint)engine.Lent.InstanceExtensions.Count;
        host.InstanceExtensions = Utf8Text.Immortal(engine.Lent.InstanceExtensions);
        host.DeviceExtensionCount = (uint)engine.Lent.DeviceExtensions.Count;
        host.DeviceExtensions = Utf8Text.Immortal(engine.Lent.DeviceExtensions);
        host.FeatureCount = (uint)features.Length;
        host.Features = Utf8Text.Immortal(features);
        *_host = host;
    }

    public NativeVulkanHost* Value => _host;

    /// <summary>The VkAllocationCallbacks that are lent along; null for none.</summary>
    public void* Allocator
    {
        set => _host->Allocator = value;
    }

    public void Dispose() => NativeMemory.Free(_host);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Enter(void* user) => ((EngineLock)GCHandle.FromIntPtr((nint)user).Target!).Enter();

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Exit(void* user) => ((EngineLock)GCHandle.FromIntPtr((nint)user).Target!).Exit();
}
