using System.Runtime.InteropServices;

namespace Diffusion.Torch.Cuda;

/// <summary>CUDA_EXTERNAL_MEMORY_HANDLE_DESC of cuda.h: what is imported.</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
internal struct CudaMemoryHandle
{
    /// <summary>CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD.</summary>
    public const int OpaqueDescriptor = 1;

    /// <summary>CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32.</summary>
    public const int OpaqueWindows = 2;

    /// <summary>CUDA_EXTERNAL_MEMORY_DEDICATED.</summary>
    public const uint Dedicated = 1;

    /// <summary>CUexternalMemoryHandleType.</summary>
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

    /// <summary>Bytes of the whole allocation.</summary>
    [FieldOffset(24)]
    public ulong Size;

    /// <summary>0 or <see cref="Dedicated"/>. The reserved words that follow stay 0.</summary>
    [FieldOffset(32)]
    public uint Flags;

    /// <summary>Of a dedicated allocation.</summary>
    public static CudaMemoryHandle Of(nint handle, long sizeInBytes, bool isWindows)
    {
        var value = new CudaMemoryHandle
        {
            Type = isWindows ? OpaqueWindows : OpaqueDescriptor,
            Size = (ulong)sizeInBytes,
            Flags = Dedicated,
        };
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
