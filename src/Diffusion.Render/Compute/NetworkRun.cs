using System.Diagnostics;
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
        _timer = made.Own(new SliceTimer(device, plan.Parts.Count));
        CommandPool pool = made.Own(CreateCommandPool(), "compute slices");
        DescriptorPool setPool = made.Own(
            Descriptors.CreatePool(device, KernelLibrary.BindingTypes, plan.Dispatches.Count), "compute slices");
        Dictionary<PlannedDispatch, DescriptorSet> sets = plan.Dispatches.ToDictionary(
            dispatch => dispatch, dispatch => CreateSet(kernels, setPool, dispatch));
        _commands = AllocateCommands(pool, plan.Parts.Count);
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

    /// <summary>
    /// Runs the largest part twice, for the first time compiles, and returns what the second did a second. The
    /// activations mean nothing afterwards.
    /// </summary>
    public double MeasureRate()
    {
        int largest = 0;
        for (int i = 1; i < Plan.Parts.Count; i++)
        {
            largest = Plan.Parts[i].Flops > Plan.Parts[largest].Flops ? i : largest;
        }

        Submit(largest);
        Wait();
        long start = Stopwatch.GetTimestamp();
        Submit(largest);
        Wait();
        return Plan.Parts[largest].Flops / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Waits for what is in flight.</summary>
    public void Wait()
    {
        if (!IsIdle)
        {
            _device.Timeline.Wait(LastSubmitted);
        }
    }

    /// <summary>Submits a part of the plan; the host does not wait.</summary>
    public void Submit(int part)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LastSubmitted = _device.Submit(_commands[part]);
        _timer.Submitted(part, LastSubmitted);
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
        _device.Api.CreateCommandPool(_device.Handle, &info, _device.Allocator, &pool).Check();
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

    private void Record(KernelLibrary kernels, Dictionary<PlannedDispatch, DescriptorSet> sets, int index)
    {
        CommandBuffer commands = _commands[index];
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo };
        _device.Api.BeginCommandBuffer(commands, &begin).Check();
        _timer.Begin(commands, index);
        foreach (DispatchRange range in Plan.Parts[index].Ranges)
        {
            // The first one too: what comes before it is another submission. Not between pieces of one dispatch.
            if (range.First == 0)
            {
                Barriers.Compute(_device, commands);
            }

            Record(kernels, sets[range.Dispatch], commands, range);
        }

        _timer.End(commands, index);
        if (index == Plan.Parts.Count - 1)
        {
            Barriers.Memory(
                _device, commands,
                PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
                PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);
        }

        _device.Api.EndCommandBuffer(commands).Check();
    }

    private void Record(KernelLibrary kernels, DescriptorSet set, CommandBuffer commands, in DispatchRange range)
    {
        PlannedDispatch dispatch = range.Dispatch;
        PushWords push = dispatch.Push;
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, kernels[dispatch.Kernel]);
        _device.Api.CmdBindDescriptorSets(
            commands, PipelineBindPoint.Compute, kernels.Layout, 0, 1, &set, 0, null);
        _device.Api.CmdPushConstants(
            commands, kernels.Layout, ShaderStageFlags.ComputeBit, 0, PushWords.Capacity * sizeof(uint), &push);
        (int x, int y, int z) = dispatch.Groups;
        if (range.Count == y * z)
        {
            _device.Api.CmdDispatch(commands, (uint)x, (uint)y, (uint)z);
            return;
        }

        // Rows of several layers are a rectangle each.
        for (int row = range.First; row < range.First + range.Count;)
        {
            int rows = Math.Min(y - (row % y), range.First + range.Count - row);
            _device.Api.CmdDispatchBase(commands, 0, (uint)(row % y), (uint)(row / y), (uint)x, (uint)rows, 1);
            row += rows;
        }
    }

    private DescriptorSet CreateSet(KernelLibrary kernels, DescriptorPool pool, PlannedDispatch dispatch)
    {
        DescriptorSet set = Descriptors.Allocate(_device, pool, kernels.SetLayout);
        for (int binding = 0; binding < KernelLibrary.BindingCount; binding++)
        {
            BufferRange range = dispatch.Bindings[binding];
            if (range.Kind != BufferKind.None)
            {
                Descriptors.WriteBuffer(
                    _device, set, (uint)binding, DescriptorType.StorageBuffer, BufferOf(range.Kind),
                    (ulong)range.Offset, (ulong)range.SizeInBytes);
            }
        }

        return set;
    }

    private GpuBuffer BufferOf(BufferKind kind) => kind switch
    {
        BufferKind.Arena => _arena,
        BufferKind.Weights => _weights,
        BufferKind.Input => _input,
        BufferKind.Output => _output,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such buffer."),
    };
}
