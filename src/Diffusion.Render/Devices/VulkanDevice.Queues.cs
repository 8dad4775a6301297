using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <content>The renderer's queue and that of networks.</content>
public sealed unsafe partial class VulkanDevice
{
    /// <summary>
    /// Whether networks have a timeline of their own, beside frames: <see cref="VulkanDeviceOptions.AsyncCompute"/>.
    /// </summary>
    public bool HasAsyncCompute => Compute != Main;

    /// <summary>The renderer's queue.</summary>
    internal DeviceQueue Main { get; private set; } = null!;

    /// <summary>The networks' queue: the renderer's, or one of their own.</summary>
    internal DeviceQueue Compute { get; private set; } = null!;

    /// <summary>Takes the renderer's queue for the scope's life.</summary>
    internal QueueScope LockQueue() => Main.Lock();

    /// <summary>Submits recorded commands to the renderer's queue; the host does not wait. Allocates nothing.</summary>
    /// <returns>The timeline's value when they are done.</returns>
    internal ulong Submit(CommandBuffer recorded) => Main.Submit(recorded);

    /// <summary>Submits; one of the signals is <see cref="Timeline"/> at <see cref="Timeline.Submitted"/> +
    /// 1.</summary>
    internal void Submit(SubmitInfo2* submit) => Main.Submit(submit);

    private void RequireCompute(EngineCompute? lent)
    {
        if (lent is null)
        {
            return;
        }

        RequireHandle(lent.Queue.Handle, nameof(EngineDevice.Compute));
        QueueFamilyProperties[] families = PhysicalDevices.QueueFamilies(Api, PhysicalDevice);
        if (lent.Family >= families.Length || !families[lent.Family].QueueFlags.HasFlag(QueueFlags.ComputeBit))
        {
            throw new VulkanException(
                $"Queue family {lent.Family} of {Info.Name}, lent for compute, does not serve it.");
        }
    }

    private Queue QueueAt(QueuePlace place)
    {
        Queue queue;
        Api.GetDeviceQueue(_handle, place.Family, place.Index, &queue);
        return queue;
    }

    private void DisposeQueues()
    {
        if (Compute != Main)
        {
            Compute?.Dispose();
        }

        Main?.Dispose();
    }

    private Device CreateDevice(
        IReadOnlyList<string> extensionNames, QueuePlace compute, string? priorityExtension)
    {
        using var extensions = new Utf8Strings(extensionNames);

        // Networks give way to frames of this device, and with the extension to those of others too.
        float* priorities = stackalloc float[] { 1, 0 };
        var low = new DeviceQueueGlobalPriorityCreateInfoKHR
        {
            SType = StructureType.DeviceQueueGlobalPriorityCreateInfoKhr,
            GlobalPriority = QueueGlobalPriority.Low,
        };
        DeviceQueueCreateInfo* queues = stackalloc DeviceQueueCreateInfo[2];
        queues[0] = new DeviceQueueCreateInfo
        {
            SType = StructureType.DeviceQueueCreateInfo,
            QueueFamilyIndex = QueueFamily,
            QueueCount = compute.Family == QueueFamily ? compute.Index + 1 : 1,
            PQueuePriorities = priorities,
        };
        queues[1] = new DeviceQueueCreateInfo
        {
            SType = StructureType.DeviceQueueCreateInfo,
            PNext = priorityExtension is null ? null : &low,
            QueueFamilyIndex = compute.Family,
            QueueCount = 1,
            PQueuePriorities = priorities + 1,
        };
        FeatureChain features = default;
        PhysicalDeviceFeatures2* head = FeatureChain.Link(&features, extensionNames);
        features.Write(Features);
        var info = new DeviceCreateInfo
        {
            SType = StructureType.DeviceCreateInfo,
            PNext = head,
            QueueCreateInfoCount = compute.Family == QueueFamily ? 1u : 2,
            PQueueCreateInfos = queues,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointers,
        };
        Device device;
        Api.CreateDevice(PhysicalDevice, &info, null, &device).Check();
        return device;
    }
}
