using System.Runtime.InteropServices;

namespace Diffusion.Torch.Cuda;

/// <summary>CUDA_EXTERNAL_MEMORY_BUFFER_DESC of cuda.h: the part of imported memory to map.</summary>
[StructLayout(LayoutKind.Explicit, Size = 88)]
internal struct CudaMemoryBuffer
{
    /// <summary>In bytes.</summary>
    [FieldOffset(0)]
    public ulong Offset;

    /// <summary>In bytes.</summary>
    [FieldOffset(8)]
    public ulong Size;

    /// <summary>Zero, as the reserved words that follow.</summary>
    [FieldOffset(16)]
    public uint Flags;
}
