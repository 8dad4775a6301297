using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Torch.Cuda;

/// <summary>The CUDA device that TorchSharp works on, by the driver's own API.</summary>
/// <remarks>
/// TorchSharp works in the device's primary context. <see cref="Enter"/> makes it the thread's current one and puts
/// back what was there: the threads that render have none, and those of an engine may have another. Any thread.
/// </remarks>
internal sealed unsafe class CudaDevice
{
    private readonly int _handle;

    private CudaDevice(int handle, Guid uuid) => (_handle, Uuid) = (handle, uuid);

    /// <summary>The bytes of CUuuid in their order, as <see cref="Guid(ReadOnlySpan{byte})"/> takes them.</summary>
    public Guid Uuid { get; }

    /// <summary>Finds device 0, where TorchSharp's <c>CUDA</c> is.</summary>
    /// <param name="whyNot">Why there is none, or null.</param>
    /// <returns>The device, or null.</returns>
    public static CudaDevice? TryOpen(out string? whyNot)
    {
        // Loaded for good, as by the first call; a driver that has the newest of the functions has all of them.
        if (!NativeLibrary.TryLoad(CudaNative.Library, out nint library))
        {
            whyNot = $"there is no CUDA driver ({CudaNative.Library})";
            return null;
        }

        if (!NativeLibrary.TryGetExport(library, CudaNative.NewestFunction, out _))
        {
            whyNot = $"the CUDA driver is older than 11.4: it lacks {CudaNative.NewestFunction}";
            return null;
        }

        try
        {
            Check(CudaNative.Init(0));
            int handle;
            Check(CudaNative.DeviceGet(&handle, 0));
            byte* uuid = stackalloc byte[sizeof(Guid)];
            Check(CudaNative.DeviceGetUuid(uuid, handle));
            whyNot = null;
            return new CudaDevice(handle, new Guid(new ReadOnlySpan<byte>(uuid, sizeof(Guid))));
        }
        catch (SharingException error)
        {
            whyNot = error.Message;
            return null;
        }
    }

    /// <summary>Keeps the primary context alive until <see cref="Release"/>.</summary>
    /// <exception cref="SharingException">The driver refuses.</exception>
    public nint Retain()
    {
        nint context;
        Check(CudaNative.DevicePrimaryCtxRetain(&context, _handle));
        return context;
    }

    /// <summary>Gives back what <see cref="Retain"/> took.</summary>
    public void Release() => _ = CudaNative.DevicePrimaryCtxRelease(_handle);

    /// <summary>Makes a context current until the scope's end.</summary>
    /// <exception cref="SharingException">The driver refuses.</exception>
    public static Scope Enter(nint context) => new(context);

    /// <summary>Throws on an error.</summary>
    /// <param name="result">What the driver returned.</param>
    /// <param name="call">The call, filled in by the compiler.</param>
    /// <exception cref="SharingException">Names the function and the error.</exception>
    public static void Check(int result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != 0)
        {
            Throw(result, call);
        }
    }

    private static void Throw(int result, string call)
    {
        // "CudaNative.DeviceGet(&handle, 0)" -> "cuDeviceGet"
        int begin = call.IndexOf('.', StringComparison.Ordinal) + 1;
        string function = call[begin..call.IndexOf('(', StringComparison.Ordinal)];
        byte* name = null;
        _ = CudaNative.GetErrorName(result, &name);
        throw new SharingException($"cu{function} returned {Marshal.PtrToStringUTF8((nint)name) ?? $"error {result}"}");
    }

    /// <summary>A context that is current.</summary>
    public readonly ref struct Scope
    {
        private readonly bool _isCurrent;

        /// <exception cref="SharingException">The driver refuses.</exception>
        public Scope(nint context)
        {
            Check(CudaNative.CtxPushCurrent(context));
            _isCurrent = true;
        }

        /// <summary>Makes the former one current again.</summary>
        public void Dispose()
        {
            if (_isCurrent)
            {
                nint popped;
                _ = CudaNative.CtxPopCurrent(&popped);
            }
        }
    }
}
