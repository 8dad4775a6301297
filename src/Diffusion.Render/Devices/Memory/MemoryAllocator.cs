using System.Numerics;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>A device's memory, given out to buffers and images by the stretch from blocks.</summary>
/// <remarks>
/// <para>A device takes few allocations (maxMemoryAllocationCount, often 4096), and the engine has its own. A new block
/// is as large as those of its kind together, within limits: their number grows as a logarithm at first, and what is
/// taken stays in proportion to what is used. A block goes back to the driver with its last resource.</para>
/// <para>A resource has an allocation to itself where the driver wants that (dedicated allocation) or where it would
/// fill most of a block. Any thread.</para>
/// </remarks>
internal sealed unsafe class MemoryAllocator(VulkanDevice device)
{
    private const int MostNamed = 8;

    // A cache line: buffers that the host writes shall not share one.
    private const ulong LeastAlignment = 64;

    private readonly MemoryTypes _types = new(device);
    private readonly Lock _gate = new();
    private readonly List<MemoryBlock> _blocks = [];
    private readonly Dictionary<ulong, Resource> _resources = [];
    private ulong _lastId;
    private int _blocksMade;

    /// <summary>Finds memory for a resource.</summary>
    /// <param name="owner">Owns it from here on.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="wanted">Properties that it must have.</param>
    /// <param name="preferred">Properties that it has where possible.</param>
    /// <exception cref="VulkanException">There is no such memory, or none left.</exception>
    public MemoryRange Allocate(
        Construction owner, in MemoryRequest request, MemoryPropertyFlags wanted, MemoryPropertyFlags preferred = 0)
    {
        uint types = _types.Require(request.Requirements.MemoryTypeBits, wanted, request.Name);
        uint best = _types.With(types, preferred);
        lock (_gate)
        {
            // A type whose heap is full is no reason to fail while another would do.
            Result result = TryTypes(owner, best, request, out MemoryRange range);
            if (result == Result.ErrorOutOfDeviceMemory)
            {
                result = TryTypes(owner, types & ~best, request, out range);
            }

            result.Check("AllocateMemory");
            return range;
        }
    }

    /// <summary>Imports host memory without copying it.</summary>
    /// <param name="owner">Owns the import, never the memory itself.</param>
    /// <param name="address">Address, a multiple of the device's minImportedHostPointerAlignment.</param>
    /// <param name="sizeInBytes">Size, a multiple of the same.</param>
    /// <param name="typeBits">Memory types that the buffer accepts.</param>
    /// <param name="name">Debug name.</param>
    public MemoryRange Import(Construction owner, nint address, ulong sizeInBytes, uint typeBits, string name)
    {
        var pointer = new MemoryHostPointerPropertiesEXT { SType = StructureType.MemoryHostPointerPropertiesExt };
        device.Functions.GetMemoryHostPointerProperties(device.Handle, (void*)address, &pointer)
            .Check("GetMemoryHostPointerPropertiesEXT");

        // Coherent, so that a queue submission alone makes the host's earlier writes visible.
        uint types = _types.Require(
            typeBits & pointer.MemoryTypeBits,
            MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit, name);
        var import = new ImportMemoryHostPointerInfoEXT
        {
            SType = StructureType.ImportMemoryHostPointerInfoExt,
            HandleType = ExternalMemoryHandleTypeFlags.HostAllocationBitExt,
            PHostPointer = (void*)address,
        };
        MemoryKind kind = _types.FirstOf(types, holdsImages: false);
        lock (_gate)
        {
            TryAllocate(kind, sizeInBytes, &import, out DeviceMemory handle).Check("AllocateMemory");
            var block = new MemoryBlock(device, handle, kind, sizeInBytes, MemoryUser.Host, name);
            return TakeFirst(owner, block, sizeInBytes, name);
        }
    }

    /// <summary>Allocates the device's own memory for one buffer that another API imports.</summary>
    /// <param name="owner">Owns it from here on.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="type">What it is exported as.</param>
    /// <exception cref="VulkanException">There is no such memory, or none left.</exception>
    public MemoryRange AllocateExported(
        Construction owner, in MemoryRequest request, ExternalMemoryHandleTypeFlags type)
    {
        ulong size = request.Requirements.Size;
        MemoryDedicatedAllocateInfo own = request.Own;
        var export = new ExportMemoryAllocateInfo
        {
            SType = StructureType.ExportMemoryAllocateInfo,
            PNext = &own,
            HandleTypes = type,
        };
        MemoryKind kind = _types.FirstOf(
            _types.Require(
                request.Requirements.MemoryTypeBits, MemoryPropertyFlags.DeviceLocalBit, request.Name),
            request.IsImage);
        lock (_gate)
        {
            TryAllocate(kind, size, &export, out DeviceMemory handle).Check("AllocateMemory");
            return TakeFirst(
                owner, new MemoryBlock(device, handle, kind, size, MemoryUser.One, request.Name), size, request.Name);
        }
    }

    /// <summary>Gives memory back; the resource that was bound to it is destroyed.</summary>
    /// <param name="id"><see cref="MemoryRange.Id"/>.</param>
    public void Free(ulong id)
    {
        lock (_gate)
        {
            _resources.Remove(id, out Resource gone);
            gone.Block.Free.Return(gone.Offset, gone.SizeInBytes);
            if (gone.Block.Free.IsWhole)
            {
                _blocks.Remove(gone.Block);
                gone.Block.Close();
            }
        }
    }

    /// <summary>What is taken and used now.</summary>
    public MemoryUse GetUse()
    {
        MemoryHeapUse[] heaps = PhysicalDevices.Heaps(device.Api, device.PhysicalDevice);
        lock (_gate)
        {
            return new MemoryUse(
                _blocks.Sum(block => block.OwnSizeInBytes), _blocks.Count, UsedInBytes, _resources.Count, heaps);
        }
    }

    /// <summary>A line that names what is left, or null when nothing is.</summary>
    public string? Leaks()
    {
        lock (_gate)
        {
            if (_resources.Count == 0)
            {
                return null;
            }

            string names = string.Join(", ", _resources.Values.Take(MostNamed).Select(left => $"\"{left.Name}\""));
            string more = _resources.Count > MostNamed ? $" and {_resources.Count - MostNamed} more" : "";
            return $"Not disposed before the device: {names}{more}; {UsedInBytes} bytes.";
        }
    }

    private long UsedInBytes
        => _resources.Values.Sum(left => left.Block.User == MemoryUser.Host ? 0 : (long)left.SizeInBytes);

    private Result TryTypes(Construction owner, uint types, in MemoryRequest request, out MemoryRange range)
    {
        range = default;
        Result result = Result.ErrorOutOfDeviceMemory;
        for (; types != 0 && result == Result.ErrorOutOfDeviceMemory; types &= types - 1)
        {
            MemoryKind kind = _types.FirstOf(types, request.IsImage);
            result = request.WantsItsOwn || request.Requirements.Size > _types.LargestBlockOf(kind) / 2
                ? TryAlone(owner, kind, request, out range)
                : TryShared(owner, kind, request, out range);
        }

        return result;
    }

    private Result TryAlone(Construction owner, MemoryKind kind, in MemoryRequest request, out MemoryRange range)
    {
        ulong size = request.Requirements.Size;
        MemoryDedicatedAllocateInfo own = request.Own;
        Result result = TryAllocate(kind, size, &own, out DeviceMemory handle);
        range = result < 0 ? default : TakeFirst(
            owner, new MemoryBlock(device, handle, kind, size, MemoryUser.One, request.Name), size, request.Name);
        return result;
    }

    private Result TryShared(Construction owner, MemoryKind kind, in MemoryRequest request, out MemoryRange range)
    {
        ulong size = request.Requirements.Size;
        ulong alignment = Math.Max(request.Requirements.Alignment, LeastAlignment);
        foreach (MemoryBlock block in _blocks)
        {
            if (block.User == MemoryUser.Many && block.Kind == kind
                && block.Free.TryTake(size, alignment, out ulong offset))
            {
                range = Note(owner, block, offset, size, request.Name);
                return Result.Success;
            }
        }

        Result result = TryAddBlock(kind, size, out MemoryBlock? added);
        range = added is null ? default : TakeFirst(owner, added, size, request.Name);
        return result;
    }

    private Result TryAddBlock(MemoryKind kind, ulong least, out MemoryBlock? block)
    {
        ulong taken = 0;
        foreach (MemoryBlock other in _blocks)
        {
            taken += other.User == MemoryUser.Many && other.Kind == kind ? other.Free.SizeInBytes : 0;
        }

        ulong size = Math.Clamp(
            BitOperations.RoundUpToPowerOf2(Math.Max(taken, least)), MemoryTypes.SmallestBlock,
            _types.LargestBlockOf(kind));
        Result result = TryAllocate(kind, size, null, out DeviceMemory handle);
        while (result == Result.ErrorOutOfDeviceMemory && size / 2 >= least)
        {
            // The heap has no room for what may come, yet perhaps for what is asked.
            size /= 2;
            result = TryAllocate(kind, size, null, out handle);
        }

        block = result < 0 ? null : new MemoryBlock(
            device, handle, kind, size, MemoryUser.Many,
            $"{(kind.HoldsImages ? "images" : "buffers")} {_blocksMade++}");
        return result;
    }

    private Result TryAllocate(MemoryKind kind, ulong size, void* next, out DeviceMemory handle)
    {
        var info = new MemoryAllocateInfo
        {
            SType = StructureType.MemoryAllocateInfo,
            PNext = next,
            AllocationSize = size,
            MemoryTypeIndex = kind.Type,
        };
        DeviceMemory allocated;
        Result result = device.Api.AllocateMemory(device.Handle, &info, device.Allocator, &allocated);
        handle = result < 0 ? default : allocated;
        return result;
    }

    private MemoryRange TakeFirst(Construction owner, MemoryBlock block, ulong size, string name)
    {
        _blocks.Add(block);
        _ = block.Free.TryTake(size, 1, out ulong offset);
        return Note(owner, block, offset, size, name);
    }

    private MemoryRange Note(Construction owner, MemoryBlock block, ulong offset, ulong size, string name)
    {
        ulong id = ++_lastId;
        _resources.Add(id, new Resource(name, block, offset, size));
        return owner.Own(new MemoryRange(
            id, block.Handle, offset, block.Mapped == 0 ? 0 : block.Mapped + (nint)offset));
    }

    private readonly record struct Resource(string Name, MemoryBlock Block, ulong Offset, ulong SizeInBytes);
}
