using System.Reflection;
using System.Runtime.InteropServices;

namespace Diffusion.Torch.Cuda;

/// <summary>The few functions of the CUDA driver in use, by the names that cuda.h gives them.</summary>
/// <remarks>
/// All have been there since the driver of CUDA 11.4. Streams are the legacy default stream, on which TorchSharp works:
/// 0. Results are CUresult, 0 for success.
/// </remarks>
internal static unsafe partial class CudaNative
{
    /// <summary>A driver that has it has the others too.</summary>
    public const string NewestFunction = "cuDeviceGetUuid_v2";

    private const string Driver = "cuda-driver";

    static CudaNative() => NativeLibrary.SetDllImportResolver(typeof(CudaNative).Assembly, Resolve);

    /// <summary>The driver's library; it comes with the graphics driver, not with libtorch. Tests name a stand-in
    /// before the first call.</summary>
    public static string Library { get; set; } = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    public static partial int Init(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuGetErrorName")]
    public static partial int GetErrorName(int error, byte** name);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    public static partial int DeviceGet(int* device, int ordinal);

    [LibraryImport(Driver, EntryPoint = NewestFunction)]
    public static partial int DeviceGetUuid(byte* uuid, int device);

    [LibraryImport(Driver, EntryPoint = "cuDevicePrimaryCtxRetain")]
    public static partial int DevicePrimaryCtxRetain(nint* context, int device);

    [LibraryImport(Driver, EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    public static partial int DevicePrimaryCtxRelease(int device);

    [LibraryImport(Driver, EntryPoint = "cuCtxPushCurrent_v2")]
    public static partial int CtxPushCurrent(nint context);

    [LibraryImport(Driver, EntryPoint = "cuCtxPopCurrent_v2")]
    public static partial int CtxPopCurrent(nint* context);

    [LibraryImport(Driver, EntryPoint = "cuImportExternalMemory")]
    public static partial int ImportExternalMemory(nint* memory, CudaMemoryHandle* handle);

    [LibraryImport(Driver, EntryPoint = "cuExternalMemoryGetMappedBuffer")]
    public static partial int ExternalMemoryGetMappedBuffer(ulong* address, nint memory, CudaMemoryBuffer* buffer);

    [LibraryImport(Driver, EntryPoint = "cuDestroyExternalMemory")]
    public static partial int DestroyExternalMemory(nint memory);

    [LibraryImport(Driver, EntryPoint = "cuImportExternalSemaphore")]
    public static partial int ImportExternalSemaphore(nint* semaphore, CudaSemaphoreHandle* handle);

    [LibraryImport(Driver, EntryPoint = "cuDestroyExternalSemaphore")]
    public static partial int DestroyExternalSemaphore(nint semaphore);

    [LibraryImport(Driver, EntryPoint = "cuSignalExternalSemaphoresAsync")]
    public static partial int SignalExternalSemaphoresAsync(
        nint* semaphores, CudaSignal* signals, uint count, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial int MemcpyDtoDAsync(ulong target, ulong source, nuint sizeInBytes, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuMemFree_v2")]
    public static partial int MemFree(ulong address);

    [LibraryImport(Driver, EntryPoint = "cuStreamSynchronize")]
    public static partial int StreamSynchronize(nint stream);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
        => name == Driver && NativeLibrary.TryLoad(Library, out nint library) ? library : 0;
}
