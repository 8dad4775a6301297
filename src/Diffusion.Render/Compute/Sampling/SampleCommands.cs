using System.Runtime.CompilerServices;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute.Sampling;

/// <summary>The commands that start a chain, feed its network and end its steps; each recorded once.</summary>
/// <remarks>
/// What differs from step to step (slots, coefficients, seeds) lies in parameters, which the host writes,
/// so that nothing is recorded in a frame. There is a copy of everything for each evaluation in flight. The rarer kinds
/// of step are recorded, and their kernels made, when one first comes. Dispose retires everything.
/// </remarks>
internal sealed unsafe class SampleCommands : IDisposable
{
    // A block of parameters and a descriptor set for each input, each step and the start.
    private const int FirstStep = SampleBuffers.Entries;
    private const int StartBlock = 2 * SampleBuffers.Entries;
    private const int Blocks = StartBlock + 1;

    // A multiple of the largest alignment of storage buffers that a device may ask for, 256, that holds the parameters.
    private const ulong EntryStride = 512;
    private const int Tile = 8;

    // What every device has; the kernel goes on in strides.
    private const int MostInputGroups = 65535;

    // See sample.glsl: numbers of the whole image, then sums of each workgroup, of colours the most.
    private const int ScratchHeader = 16;
    private const int SumsPerGroup = 9;

    private readonly VulkanDevice _device;
    private readonly KernelLibrary _kernels;
    private readonly SliceTimer? _timer;
    private readonly GpuBuffer _parameters;
    private readonly GpuBuffer _failures;
    private readonly GpuBuffer _scratch;
    private readonly CommandPool _pool;
    private readonly DescriptorSet[] _sets = new DescriptorSet[Blocks];
    private readonly CommandBuffer[] _inputs = new CommandBuffer[SampleBuffers.Entries];
    private readonly CommandBuffer[] _steps = new CommandBuffer[SampleBuffers.Entries * StepKinds.Count];
    private readonly CommandBuffer _start;
    private readonly OwnedHandles _owned;
    private readonly (int X, int Y) _tiles;
    private readonly GpuBuffer? _classMask;

    /// <param name="device">The device.</param>
    /// <param name="kernels">Its kernels; borrowed.</param>
    /// <param name="buffers">The network's ends; borrowed.</param>
    /// <param name="samples">The ring's images; borrowed.</param>
    /// <param name="classMask">The second class's weights; borrowed, or null where there is none.</param>
    /// <param name="size">Width and height in pixels.</param>
    /// <param name="timer">Takes the times of steps as of the slice behind the network's, or null.</param>
    public SampleCommands(
        VulkanDevice device, KernelLibrary kernels, SampleBuffers buffers, DeviceSamples samples,
        GpuBuffer? classMask, (int Width, int Height) size, SliceTimer? timer)
    {
        (_device, _kernels, _classMask, _timer) = (device, kernels, classMask, timer);
        _tiles = ((size.Width + Tile - 1) / Tile, (size.Height + Tile - 1) / Tile);
        using var made = new Construction(device);
        const BufferUsageFlags Storage = BufferUsageFlags.StorageBufferBit;
        _parameters = made.Own(GpuBuffer.Upload(
            device, EntryStride * Blocks, Storage, "step parameters"));
        _failures = made.Own(GpuBuffer.Readback(
            device, EntryStride * Blocks, "step failures", Storage));
        _scratch = made.Own(GpuBuffer.DeviceLocal(
            device, sizeof(float) * (ScratchHeader + (SumsPerGroup * (ulong)_tiles.X * (ulong)_tiles.Y)), Storage,
            "step scratch"));
        _pool = made.Own(Commands.CreatePool(device, device.Compute), "steps");
        DescriptorPool sets = made.Own(
            Descriptors.CreatePool(device, KernelLibrary.BindingTypes, _sets.Length), "steps");
        for (int block = 0; block < Blocks; block++)
        {
            _sets[block] = CreateSet(sets, buffers, samples, block);
        }

        _start = Open(StartBlock);
        RecordKernel(_start, new KernelKey("sample_start.comp", 0), _tiles);
        device.Api.EndCommandBuffer(_start).Check();
        for (int entry = 0; entry < SampleBuffers.Entries; entry++)
        {
            _inputs[entry] = Open(entry);
            RecordKernel(
                _inputs[entry], new KernelKey("sample_input.comp", 0),
                (Math.Min(_tiles.X * _tiles.Y, MostInputGroups), 1));
            device.Api.EndCommandBuffer(_inputs[entry]).Check();
            _ = Step(entry, StepKinds.None);
        }

        _owned = made.Complete();
    }

    /// <summary>What the start is told; its last submission must be done.</summary>
    public ref StepParameters StartParameters => ref Parameters(StartBlock);

    /// <summary>x = α·image + σ·z.</summary>
    public CommandBuffer Start => _start;

    /// <summary>cIn·x and the conditioning to where the network reads them.</summary>
    public CommandBuffer Input(int entry) => _inputs[entry];

    /// <summary>The end of a step.</summary>
    public CommandBuffer Step(int entry, StepKinds kind)
    {
        ref CommandBuffer commands = ref _steps[(entry * StepKinds.Count) + kind.Index];
        if (commands.Handle == 0)
        {
            commands = Open(FirstStep + entry);
            RecordStep(commands, kind);
            _device.Api.EndCommandBuffer(commands).Check();
        }

        return commands;
    }

    /// <summary>What the input's kernel of an evaluation is told; its last submission must be done.</summary>
    public ref StepParameters InputParameters(int entry) => ref Parameters(entry);

    /// <summary>What the step's kernels of an evaluation are told; their last submission must be done.</summary>
    public ref StepParameters StepParameters(int entry) => ref Parameters(FirstStep + entry);

    /// <summary>Whether values of a step were not finite; its submission must be done.</summary>
    public ref uint Failure(int entry) => ref Unsafe.AsRef<uint>(
        (byte*)_failures.Mapped + (EntryStride * (ulong)(FirstStep + entry)));

    public void Dispose()
    {
        _owned.Dispose();
        _scratch.Dispose();
        _failures.Dispose();
        _parameters.Dispose();
    }

    private ref StepParameters Parameters(int block) => ref Unsafe.AsRef<StepParameters>(
        (byte*)_parameters.Mapped + (EntryStride * (ulong)block));

    private CommandBuffer Open(int block)
    {
        CommandBuffer commands = Commands.Allocate(_device, _pool, 1)[0];
        DescriptorSet set = _sets[block];
        Commands.Begin(_device, commands);
        _device.Api.CmdBindDescriptorSets(
            commands, PipelineBindPoint.Compute, _kernels.Layout, 0, 1, &set, 0, null);
        return commands;
    }

    private void RecordStep(CommandBuffer commands, StepKinds kind)
    {
        (int X, int Y) single = (1, 1);
        _timer?.BeginStep(commands);
        if (kind.IsThresholded)
        {
            RecordKernel(commands, StepWork(StepKinds.Estimate), _tiles);
            RecordKernel(commands, new KernelKey("sample_threshold.comp", 0), single);
        }

        uint first = kind.IsThresholded ? StepKinds.Scale : StepKinds.Estimate;
        if (kind.IsRecoloured)
        {
            RecordKernel(commands, StepWork(first | StepKinds.Moments), _tiles);
            RecordKernel(commands, new KernelKey("sample_colours.comp", 0), single);
            first = StepKinds.Recolour;
        }

        first |= StepKinds.Keep;
        if (kind.IsLangevin)
        {
            RecordKernel(commands, StepWork(first | StepKinds.Sums), _tiles);
            RecordKernel(commands, new KernelKey("sample_langevin.comp", 0), single);
            RecordKernel(commands, StepWork(StepKinds.Update), _tiles);
        }
        else
        {
            RecordKernel(commands, StepWork(first | StepKinds.Update), _tiles);
        }

        _timer?.EndStep(commands);
        Barriers.Memory(
            _device, commands,
            PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
            PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);
    }

    private static KernelKey StepWork(uint work) => new("sample_step.comp", work);

    private void RecordKernel(CommandBuffer commands, KernelKey key, (int X, int Y) groups)
    {
        Barriers.Compute(_device, commands);
        _device.Api.CmdBindPipeline(commands, PipelineBindPoint.Compute, _kernels[key]);
        _device.Api.CmdDispatch(commands, (uint)groups.X, (uint)groups.Y, 1);
    }

    private DescriptorSet CreateSet(DescriptorPool pool, SampleBuffers buffers, DeviceSamples samples, int block)
    {
        DescriptorSet set = Descriptors.Allocate(_device, pool, _kernels.SetLayout);
        ulong conditioning = buffers.Conditioning.SizeInBytes / SampleBuffers.Entries;
        if (block >= FirstStep && _classMask is { } mask)
        {
            Write(0, mask);
        }
        else
        {
            Write(0, buffers.Conditioning, conditioning * (ulong)(block % SampleBuffers.Entries), conditioning);
        }

        Write(1, buffers.Output);
        Write(2, _parameters, EntryStride * (ulong)block, EntryStride);
        Write(3, _scratch);
        Write(4, _failures, EntryStride * (ulong)block, sizeof(uint));
        Write(5, buffers.Input);
        Write(6, buffers.Picture);
        Write(7, samples.Buffer);
        return set;

        void Write(uint binding, GpuBuffer buffer, ulong offset = 0, ulong size = Vk.WholeSize) =>
            Descriptors.WriteBuffer(_device, set, binding, DescriptorType.StorageBuffer, buffer, offset, size);
    }
}
