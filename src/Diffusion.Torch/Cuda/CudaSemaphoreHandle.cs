using System.Runtime.InteropServices;

namespace Diffusion.Torch.Cuda;

/// <summary>CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC of cuda.h: what is imported.</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
internal struct CudaSemaphoreHandle
{
    /// <summary>CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD, of CUDA 11.2.</summary>
    public const int TimelineDescriptor = 9;

    /// <summary>CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_WIN32.</summary>
    public const int TimelineWindows = 10;

    /// <summary>CUexternalSemaphoreHandleType.</summary>
    [FieldOffset(0)]
    public int Type;

    /// <summary>handle.fd.</summary>
    [FieldOffset(8)]
    public int Descriptor;

    /// <summary>handle.win32.handle.</summary>
    [FieldOffset(8)]
    public nint Windows;

    /// <summary>handle.win32.name; null where there is a handle.</summary>
    [FieldOffset(16)]
    public nint Name;

    /// <summary>Zero, as the reserved words that follow.</summary>
    [FieldOffset(24)]
    public uint Flags;

    /// <summary>Of a timeline semaphore.</summary>
    public static CudaSemaphoreHandle Of(nint handle, bool isWindows)
    {
        var value = new CudaSemaphoreHandle { Type = isWindows ? TimelineWindows : TimelineDescriptor };
        if (isWindows)
        {
            value.Windows = handle;
        }
        else
        {
            value.Descriptor = (int)handle;
        }

        return value;
    }
}
