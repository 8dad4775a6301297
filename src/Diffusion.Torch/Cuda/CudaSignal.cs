using System.Runtime.InteropServices;

namespace Diffusion.Torch.Cuda;

/// <summary>CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS of cuda.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct CudaSignal
{
    /// <summary>params.fence.value: what the timeline reaches.</summary>
    [FieldOffset(0)]
    public ulong Value;

    /// <summary>Zero, as all that is reserved before and after it.</summary>
    [FieldOffset(72)]
    public uint Flags;
}
