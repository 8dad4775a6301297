using System.Buffers;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The host's memory as a <see cref="Memory{T}"/>, for the duration of a call: nothing is copied.</summary>
internal sealed unsafe class HostMemory(byte* start, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
