using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute;

/// <summary>One network at one shape on the device: arena, command buffers and timestamps; an evaluation at a
/// time.</summary>
/// <remarks>
/// A slice's commands are recorded when it is first submitted. Fed by the host, the inputs are written and the output is
/// read while nothing is in flight; fed by the device, a chain's kernels do so on the queue, and only time and class are
/// the host's, in one of several copies. Dispose retires everything. One thread, that of the device's queue.
/// </remarks>
internal sealed unsafe class NetworkRun : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly KernelLibrary _kernels;
    private readonly GpuBuffer _weights;
    private readonly GpuBuffer _arena;
    private readonly GpuBuffer _input;
    private readonly GpuBuffer? _conditioning;
    private readonly GpuBuffer _picture;
    private readonly GpuBuffer _output;
    private readonly CommandBuffer[] _commands;
    private readonly bool[] _isRecorded;
    private readonly Dictionary<PlannedDispatch, DescriptorSet> _sets;
    private readonly SliceTimer _timer;
    private readonly OwnedHandles _owned;
    private bool _disposed;

    /// <summary>Allocates.</summary>
    /// <param name="device">The device.</param>
    /// <param name="kernels">Its kernels; borrowed.</param>
    /// <param name="weights">The weight buffer; borrowed.</param>
    /// <param name="plan">What to record.</param>
    /// <param name="isFedByDevice">Whether a chain's kernels write the input and read the output, not the host.</param>
    public NetworkRun(
        VulkanDevice device, KernelLibrary kernels, GpuBuffer weights, NetworkPlan plan, bool isFedByDevice = false)
    {
        _device = device;
        _kernels = kernels;
        _weights = weights;
        Plan = plan;
        using var made = new Construction(device);
        const BufferUsageFlags Storage = BufferUsageFlags.StorageBufferBit;
        _arena = made.Own(GpuBuffer.DeviceLocal(
            device, (ulong)plan.ArenaSizeInBytes, Storage | BufferUsageFlags.TransferSrcBit, "activations"));
        ulong inputSize = (ulong)plan.Input.SizeInBytes;
        ulong pictureSize = (ulong)plan.Input.Picture.Range.SizeInBytes;
        ulong outputSize = (ulong)plan.OutputSizeInBytes;
        if (isFedByDevice)
        {
            _conditioning = made.Own(GpuBuffer.Upload(
                device, inputSize * SampleBuffers.Entries, Storage, "network conditioning"));
            _input = made.Own(GpuBuffer.DeviceLocal(device, inputSize, Storage, "network input"));
            _picture = made.Own(GpuBuffer.DeviceLocal(device, pictureSize, Storage, "network picture"));
            _output = made.Own(GpuBuffer.DeviceLocal(device, outputSize, Storage, "network output"));
        }
        else
        {
            _input = made.Own(GpuBuffer.Upload(device, inputSize, Storage, "network input"));
            _picture = made.Own(GpuBuffer.Upload(device, pictureSize, Storage, "network picture"));
            _output = made.Own(GpuBuffer.Readback(device, outputSize, "network output", Storage));
        }

        _timer = made.Own(new SliceTimer(device, plan.Parts.Count + (isFedByDevice ? 1 : 0)));
        CommandPool pool = made.Own(Commands.CreatePool(device, device.Compute), "compute slices");
        DescriptorPool setPool = made.Own(
            Descriptors.CreatePool(device, KernelLibrary.BindingTypes, plan.Dispatches.Count), "compute slices");
        _sets = plan.Dispatches.ToDictionary(dispatch => dispatch, dispatch => CreateSet(setPool, dispatch));
        _commands = Commands.Allocate(device, pool, plan.Parts.Count);
        _isRecorded = new bool[plan.Parts.Count];
        _owned = made.Complete();
    }

    public NetworkPlan Plan { get; }

    /// <summary>Timeline value of the newest submission; 0 before the first.</summary>
    public ulong LastSubmitted { get; private set; }

    /// <summary>Whether the device has done all that was submitted; polls.</summary>
    public bool IsIdle => LastSubmitted == 0 || _device.Compute.Timeline.Completed >= LastSubmitted;

    /// <summary>Times of finished slices.</summary>
    public SliceTimer Timer => _timer;

    /// <summary>One sample's part of what the host writes; nothing that reads it may be in flight.</summary>
    /// <param name="sample">Index in the batch.</param>
    /// <param name="range">The picture, or a part of the rest.</param>
    /// <param name="entry">Which copy of the rest, where there are several.</param>
    public Span<float> Input(int sample, in BufferRange range, int entry = 0)
    {
        int length = (int)(range.SizeInBytes / sizeof(float) / Plan.Batch);
        GpuBuffer buffer = range.Kind == BufferKind.Picture ? _picture : _conditioning ?? _input;
        long start = (entry * Plan.Input.SizeInBytes) + range.Offset;
        return buffer.Span<float>().Slice((int)(start / sizeof(float)) + (sample * length), length);
    }

    /// <summary>The buffers at the network's ends, for a chain's kernels.</summary>
    public SampleBuffers Ends => new(_conditioning ?? _input, _input, _picture, _output, Plan.Batch);

    /// <summary>Writes one sample's time and class.</summary>
    /// <param name="structure">The network.</param>
    /// <param name="sample">Index in the batch.</param>
    /// <param name="time">The noise level in the network's units.</param>
    /// <param name="label">The class, or -1 for a network without classes.</param>
    /// <param name="entry">Which copy of the conditioning.</param>
    public void WriteConditioning(UNetStructure structure, int sample, float time, int label, int entry = 0)
    {
        Input(sample, Plan.Input.Levels, entry)[0] = time;
        structure.Time.Write(time, Input(sample, Plan.Input.Time, entry));
        if (Plan.Input.Class is not { } range)
        {
            return;
        }

        if (structure.ClassTable is { } table)
        {
            table.Row(label).CopyTo(Input(sample, range, entry));
        }
        else
        {
            structure.Time.Write(label, Input(sample, range, entry));
        }
    }

    /// <summary>The network's output [N, C', H, W] once the last slice is done; of a run that the host feeds.</summary>
    public ReadOnlySpan<float> Output => _output.Span<float>();

    internal GpuBuffer ArenaBuffer => _arena;

    /// <summary>Waits for what is in flight.</summary>
    public void Wait()
    {
        if (!IsIdle)
        {
            _device.Compute.Timeline.Wait(LastSubmitted);
        }
    }

    /// <summary>Has the kernels of all parts made on another thread.</summary>
    public void Prepare() => _kernels.Prepare(Plan.Dispatches.Select(dispatch => dispatch.Kernel));

    /// <summary>Whether submitting a part waits for no kernel.</summary>
    public bool IsReady(int part)
    {
        if (_isRecorded[part])
        {
            return true;
        }

        // By index: a list's enumerator would be an allocation in a tick.
        IReadOnlyList<DispatchRange> ranges = Plan.Parts[part].Ranges;
        int ready = 0;
        while (ready < ranges.Count && _kernels.IsReady(ranges[ready].Dispatch.Kernel))
        {
            ready++;
        }

        return ready == ranges.Count;
    }

    /// <summary>Submits a part of the plan; the host does not wait for the device.</summary>
    public void Submit(int part)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_isRecorded[part])
        {
            Record(part);
        }

        LastSubmitted = _device.Compute.Submit(_commands[part]);
        _timer.Submitted(part, LastSubmitted);
    }

    /// <summary>Runs a part alone and waits for it.</summary>
    /// <returns>Its nanoseconds by the device's timestamps.</returns>
    public double Time(int part)
    {
        Submit(part);
        Wait();
        return _timer.Read(part);
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
        _picture.Dispose();
        _conditioning?.Dispose();
        _input.Dispose();
        _arena.Dispose();
    }

    /// <summary>Makes a part's kernels that are missing, and its commands.</summary>
    internal void Record(int index)
    {
        // Kernels first: one that fails leaves no commands half written.
        foreach (DispatchRange range in Plan.Parts[index].Ranges)
        {
            _ = _kernels[range.Dispatch.Kernel];
        }

        CommandBuffer commands = _commands[index];

        // Fed by the device, an evaluation may be handed over before the one before it is done.
        Commands.Begin(
            _device, commands, _conditioning is null ? 0 : CommandBufferUsageFlags.SimultaneousUseBit);
        _timer.Begin(commands, index);
        foreach (DispatchRange range in Plan.Parts[index].Ranges)
        {
            // The first one too: what comes before it is another submission. Not between pieces of one dispatch.
            if (range.First == 0)
            {
                Barriers.Compute(_device, commands);
            }

            Record(_sets[range.Dispatch], commands, range);
        }

        _timer.End(commands, index);
        if (index == Plan.Parts.Count - 1 && _conditioning is null)
        {
            Barriers.Memory(
                _device, commands,
                PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
                PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);
        }

        _device.Api.EndCommandBuffer(commands).Check();
        _isRecorded[index] = true;
    }

    private void Record(DescriptorSet set, CommandBuffer commands, in DispatchRange range)
    {
        PlannedDispatch dispatch = range.Dispatch;
        PushWords push = dispatch.Push;
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, _kernels[dispatch.Kernel]);
        _device.Api.CmdBindDescriptorSets(
            commands, PipelineBindPoint.Compute, _kernels.Layout, 0, 1, &set, 0, null);
        _device.Api.CmdPushConstants(
            commands, _kernels.Layout, ShaderStageFlags.ComputeBit, 0, PushWords.Capacity * sizeof(uint), &push);
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

    private DescriptorSet CreateSet(DescriptorPool pool, PlannedDispatch dispatch)
    {
        DescriptorSet set = Descriptors.Allocate(_device, pool, _kernels.SetLayout);
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
        BufferKind.Picture => _picture,
        BufferKind.Output => _output,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such buffer."),
    };
}
