using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute;

/// <summary>One network at one shape on the device: arena, command buffers and timestamps; an evaluation at a
/// time.</summary>
/// <remarks>
/// A slice's commands are recorded once and submitted each time. The host writes inputs and reads the output only while
/// nothing is in flight. Dispose retires everything. One thread, that of the device's queue.
/// </remarks>
internal sealed unsafe class NetworkRun : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly GpuBuffer _weights;
    private readonly GpuBuffer _arena;
    private readonly GpuBuffer _input;
    private readonly GpuBuffer _output;
    private readonly CommandBuffer[] _commands;
    private readonly SliceTimer _timer;
    private readonly OwnedHandles _owned;
    private bool _disposed;

    /// <summary>Allocates and records.</summary>
    /// <param name="device">The device.</param>
    /// <param name="kernels">Its kernels; borrowed.</param>
    /// <param name="weights">The weight buffer; borrowed.</param>
    /// <param name="plan">What to record.</param>
    public NetworkRun(VulkanDevice device, KernelLibrary kernels, GpuBuffer weights, NetworkPlan plan)
    {
        _device = device;
        _weights = weights;
        Plan = plan;
        using var made = new Construction(device);
        const BufferUsageFlags Storage = BufferUsageFlags.StorageBufferBit;
        _arena = made.Own(GpuBuffer.DeviceLocal(
            device, (ulong)plan.ArenaSizeInBytes, Storage | BufferUsageFlags.TransferSrcBit, "activations"));
        _input = made.Own(GpuBuffer.Upload(device, (ulong)plan.Input.SizeInBytes, Storage, "network input"));
        _output = made.Own(GpuBuffer.Readback(device, (ulong)plan.OutputSizeInBytes, "network output", Storage));
        _timer = made.Own(new SliceTimer(device, plan.Slices.Count));
        CommandPool pool = made.Own(CreateCommandPool(), "compute slices");
        DescriptorPool sets = made.Own(CreateDescriptorPool(plan), "compute slices");
        _commands = AllocateCommands(pool, plan.Slices.Count);
        for (int i = 0; i < _commands.Length; i++)
        {
            Record(kernels, sets, i);
        }

        _owned = made.Complete();
    }

    public NetworkPlan Plan { get; }

    /// <summary>Timeline value of the newest submission; 0 before the first.</summary>
    public ulong LastSubmitted { get; private set; }

    /// <summary>Whether the device has done all that was submitted; polls.</summary>
    public bool IsIdle => LastSubmitted == 0 || _device.Timeline.Completed >= LastSubmitted;

    /// <summary>Times of finished slices.</summary>
    public SliceTimer Timer => _timer;

    /// <summary>One sample's part of what the host writes; nothing may be in flight.</summary>
    public Span<float> Input(int sample, in BufferRange range)
    {
        int length = (int)(range.SizeInBytes / sizeof(float) / Plan.Batch);
        return _input.Span<float>().Slice((int)(range.Offset / sizeof(float)) + (sample * length), length);
    }

    /// <summary>Writes one sample's time and class.</summary>
    /// <param name="structure">The network.</param>
    /// <param name="sample">Index in the batch.</param>
    /// <param name="time">The noise level in the network's units.</param>
    /// <param name="label">The class, or -1 for a network without classes.</param>
    public void WriteConditioning(UNetStructure structure, int sample, float time, int label)
    {
        Input(sample, Plan.Input.Levels)[0] = time;
        structure.Time.Write(time, Input(sample, Plan.Input.Time));
        if (Plan.Input.Class is not { } range)
        {
            return;
        }

        if (structure.ClassTable is { } table)
        {
            table.Row(label).CopyTo(Input(sample, range));
        }
        else
        {
            structure.Time.Write(label, Input(sample, range));
        }
    }

    /// <summary>The network's output [N, C', H, W] once the last slice is done.</summary>
    public ReadOnlySpan<float> Output => _output.Span<float>();

    internal GpuBuffer ArenaBuffer => _arena;

    /// <summary>Waits for what is in flight.</summary>
    public void Wait()
    {
        if (!IsIdle)
        {
            _device.Timeline.Wait(LastSubmitted);
        }
    }

    /// <summary>Submits a slice; the host does not wait.</summary>
    public void Submit(int slice)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LastSubmitted = _device.Submit(_commands[slice]);
        _timer.Submitted(slice, LastSubmitted);
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _owned.Dispose();
        _timer.Dispose();
        _output.Dispose();
        _input.Dispose();
        _arena.Dispose();
    }

    private CommandPool CreateCommandPool()
    {
        var info = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            QueueFamilyIndex = _device.QueueFamily,
        };
        CommandPool pool;
        _device.Api.CreateCommandPool(_device.Handle, &info, null, &pool).Check();
        return pool;
    }

    private DescriptorPool CreateDescriptorPool(NetworkPlan plan)
    {
        uint sets = (uint)plan.Dispatches.Count;
        var size = new DescriptorPoolSize(DescriptorType.StorageBuffer, sets * KernelLibrary.BindingCount);
        var info = new DescriptorPoolCreateInfo
        {
            SType = StructureType.DescriptorPoolCreateInfo,
            MaxSets = sets,
            PoolSizeCount = 1,
            PPoolSizes = &size,
        };
        DescriptorPool pool;
        _device.Api.CreateDescriptorPool(_device.Handle, &info, null, &pool).Check();
        return pool;
    }

    private CommandBuffer[] AllocateCommands(CommandPool pool, int count)
    {
        var info = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = (uint)count,
        };
        var commands = new CommandBuffer[count];
        fixed (CommandBuffer* first = commands)
        {
            _device.Api.AllocateCommandBuffers(_device.Handle, &info, first).Check();
        }

        return commands;
    }

    private void Record(KernelLibrary kernels, DescriptorPool pool, int index)
    {
        CommandBuffer commands = _commands[index];
        PlannedSlice slice = Plan.Slices[index];
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo };
        _device.Api.BeginCommandBuffer(commands, &begin).Check();
        _timer.Begin(commands, index);
        for (int i = slice.First; i < slice.First + slice.Count; i++)
        {
            // The first one too: the slice before it is another submission.
            Barriers.Compute(_device, commands);
            Record(kernels, pool, commands, Plan.Dispatches[i]);
        }

        _timer.End(commands, index);
        if (index == Plan.Slices.Count - 1)
        {
            Barriers.Memory(
                _device, commands,
                PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
                PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);
        }

        _device.Api.EndCommandBuffer(commands).Check();
    }

    private void Record(KernelLibrary kernels, DescriptorPool pool, CommandBuffer commands, PlannedDispatch dispatch)
    {
        DescriptorSet set = CreateSet(kernels, pool, dispatch);
        PushWords push = dispatch.Push;
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, kernels[dispatch.Kernel]);
        _device.Api.CmdBindDescriptorSets(
            commands, PipelineBindPoint.Compute, kernels.Layout, 0, 1, &set, 0, null);
        _device.Api.CmdPushConstants(
            commands, kernels.Layout, ShaderStageFlags.ComputeBit, 0, PushWords.Capacity * sizeof(uint), &push);
        _device.Api.CmdDispatch(
            commands, (uint)dispatch.Groups.X, (uint)dispatch.Groups.Y, (uint)dispatch.Groups.Z);
    }

    private DescriptorSet CreateSet(KernelLibrary kernels, DescriptorPool pool, PlannedDispatch dispatch)
    {
        DescriptorSetLayout layout = kernels.SetLayout;
        var info = new DescriptorSetAllocateInfo
        {
            SType = StructureType.DescriptorSetAllocateInfo,
            DescriptorPool = pool,
            DescriptorSetCount = 1,
            PSetLayouts = &layout,
        };
        DescriptorSet set;
        _device.Api.AllocateDescriptorSets(_device.Handle, &info, &set).Check();
        DescriptorBufferInfo* buffers = stackalloc DescriptorBufferInfo[KernelLibrary.BindingCount];
        WriteDescriptorSet* writes = stackalloc WriteDescriptorSet[KernelLibrary.BindingCount];
        uint count = 0;
        for (int binding = 0; binding < KernelLibrary.BindingCount; binding++)
        {
            BufferRange range = dispatch.Bindings[binding];
            if (range.Kind == BufferKind.None)
            {
                continue;
            }

            buffers[count] = new DescriptorBufferInfo(
                BufferOf(range.Kind), (ulong)range.Offset, (ulong)range.SizeInBytes);
            writes[count] = new WriteDescriptorSet
            {
                SType = StructureType.WriteDescriptorSet,
                DstSet = set,
                DstBinding = (uint)binding,
                DescriptorCount = 1,
                DescriptorType = DescriptorType.StorageBuffer,
                PBufferInfo = &buffers[count],
            };
            count++;
        }

        _device.Api.UpdateDescriptorSets(_device.Handle, count, writes, 0, null);
        return set;
    }

    private Silk.NET.Vulkan.Buffer BufferOf(BufferKind kind) => kind switch
    {
        BufferKind.Arena => _arena.Handle,
        BufferKind.Weights => _weights.Handle,
        BufferKind.Input => _input.Handle,
        BufferKind.Output => _output.Handle,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such buffer."),
    };
}
