using System.Runtime.InteropServices;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Torch.Cuda;

/// <summary>A ring's slots, copied by CUDA into memory that Vulkan exported, with a timeline that says when.</summary>
/// <remarks>
/// The copies go to the stream that TorchSharp works on, so they come after the step that wrote the slot and before
/// what is launched next. A slot is written only while nobody reads it (the ring's leases), so CUDA waits for nothing.
/// The lock is held for two calls that only enqueue.
/// </remarks>
internal sealed unsafe class CudaMirror : ISampleMirror
{
    private const nint Stream = 0;

    private readonly CudaDevice _device;
    private readonly Action<CudaMirror> _onDispose;
    private readonly ulong _source;
    private readonly nint _context;
    private readonly ulong[] _readyAt;

    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();
    private nint _memory;
    private ulong _target;
    private nint _timeline;
    private ulong _value;
    private bool _isDisposed;
    private volatile string? _failure;

    /// <param name="device">Where the images are.</param>
    /// <param name="source">Address of the first slot.</param>
    /// <param name="sizeInBytes">Of all slots.</param>
    /// <param name="slots">Their number.</param>
    /// <param name="target">Borrowed for the call.</param>
    /// <param name="onDispose">Told when this is disposed, while it still copies.</param>
    /// <exception cref="SharingException">An import or the first copy failed; nothing is left behind.</exception>
    public CudaMirror(
        CudaDevice device, ulong source, long sizeInBytes, int slots, ExportedMemory target,
        Action<CudaMirror> onDispose)
    {
        (_device, _source, _onDispose) = (device, source, onDispose);
        _readyAt = new ulong[slots];
        _context = device.Retain();
        try
        {
            using (CudaDevice.Enter(_context))
            {
                ImportMemory(target, sizeInBytes);
                ImportTimeline(target.Timeline);
                Enqueue(0, sizeInBytes);
            }

            Array.Fill(_readyAt, _value);
        }
        catch
        {
            Close();
            throw;
        }
    }

    public string? Failure => _failure;

    public ulong ReadyAt(int slot) => Volatile.Read(ref _readyAt[slot]);

    /// <summary>Copies a slot behind the work that wrote it, and signals; does not wait.</summary>
    /// <remarks>What fails here ends the mirror and not the chain: readers see <see cref="Failure"/>.</remarks>
    public void Copy(int slot, long offset, long sizeInBytes)
    {
        lock (_gate)
        {
            if (_isDisposed || _failure is not null)
            {
                return;
            }

            try
            {
                using (CudaDevice.Enter(_context))
                {
                    Enqueue(offset, sizeInBytes);
                }

                Volatile.Write(ref _readyAt[slot], _value);
            }
            catch (SharingException error)
            {
                _failure = error.Message;
            }
        }
    }

    /// <summary>Waits for the copies, then lets go of the memory and the timeline.</summary>
    public void Dispose()
    {
        _onDispose(this);
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _isDisposed = true;
                Close();
            }
        }
    }

    private void Enqueue(long offset, long sizeInBytes)
    {
        CudaDevice.Check(CudaNative.MemcpyDtoDAsync(
            _target + (ulong)offset, _source + (ulong)offset, (nuint)sizeInBytes, Stream));
        var signal = new CudaSignal { Value = _value + 1 };
        nint timeline = _timeline;
        CudaDevice.Check(CudaNative.SignalExternalSemaphoresAsync(&timeline, &signal, 1, Stream));
        _value++;
    }

    private void ImportMemory(ExportedMemory target, long sizeInBytes)
    {
        var handle = CudaMemoryHandle.Of(
            target.Memory.DangerousGetHandle(), target.SizeInBytes, OperatingSystem.IsWindows());
        nint memory;
        CudaDevice.Check(CudaNative.ImportExternalMemory(&memory, &handle));
        _memory = memory;
        Consume(target.Memory);
        var buffer = new CudaMemoryBuffer { Size = (ulong)sizeInBytes };
        ulong address;
        CudaDevice.Check(CudaNative.ExternalMemoryGetMappedBuffer(&address, memory, &buffer));
        _target = address;
    }

    private void ImportTimeline(SafeHandle exported)
    {
        var handle = CudaSemaphoreHandle.Of(exported.DangerousGetHandle(), OperatingSystem.IsWindows());
        nint timeline;
        CudaDevice.Check(CudaNative.ImportExternalSemaphore(&timeline, &handle));
        _timeline = timeline;
        Consume(exported);
    }

    // The driver owns a descriptor that it has imported; of an NT handle it takes a reference of its own.
    private static void Consume(SafeHandle handle)
    {
        if (!OperatingSystem.IsWindows())
        {
            handle.SetHandleAsInvalid();
        }
    }

    // In reverse. What fails here fails because the context is lost, and that took all of it along.
    private void Close()
    {
        _ = CudaNative.CtxPushCurrent(_context);
        _ = CudaNative.StreamSynchronize(Stream);
        if (_timeline != 0)
        {
            _ = CudaNative.DestroyExternalSemaphore(_timeline);
        }

        if (_target != 0)
        {
            _ = CudaNative.MemFree(_target);
        }

        if (_memory != 0)
        {
            _ = CudaNative.DestroyExternalMemory(_memory);
        }

        nint popped;
        _ = CudaNative.CtxPopCurrent(&popped);
        _device.Release();
    }
}
