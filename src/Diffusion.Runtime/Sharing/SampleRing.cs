using System.Runtime.InteropServices;

namespace Diffusion.Runtime.Sharing;

/// <summary>
/// A ring of slots, each holding x_t and the clean estimate D as planar float32 [3, H, W]: in page-aligned host memory,
/// or in that of a device.
/// </summary>
/// <remarks>
/// The chain's state lives in the ring: a step reads x (and earlier D's) from older slots and writes x' and D into a
/// free one, so that publishing costs no copy. A renderer may import <see cref="Address"/> as device memory and read a
/// leased slot until it gives the lease back. One writer thread, any number of reader threads; no lock is held while a
/// slot is written or read. The memory outlives no one: dispose after the last reader is done. With
/// <see cref="Device"/>, a published slot is readable by what the device is handed from then on, and
/// <see cref="Sample"/> and <see cref="Denoised"/> copy to the host first, on the threads that it allows.
/// </remarks>
public sealed unsafe class SampleRing : IDisposable
{
    /// <summary>Colour channels of a sample.</summary>
    public const int Channels = 3;

    /// <summary>Leases that readers may hold at once without ever making the writer wait.</summary>
    public const int ReaderSlots = 3;

    /// <summary>
    /// Alignment of the block and of every slot in bytes: a page, as VK_EXT_external_memory_host asks.
    /// </summary>
    public const int Alignment = 4096;

    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();
    private readonly int[] _leases;
    private readonly bool[] _retained;
    private readonly int[] _history;
    private void* _memory;
    private bool _isDisposed;
    private int _writing = -1;
    private SampleInfo _latestInfo;

    /// <summary>Allocates the ring, zeroed.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="historyLength">Earlier slots whose D the writer still reads.</param>
    public SampleRing(int width, int height, int historyLength)
        : this(width, height, historyLength, null)
    {
    }

    /// <summary>A ring whose images a device holds.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="historyLength">Earlier slots whose D the writer still reads.</param>
    /// <param name="device">Makes the images for a number of slots of a size in bytes, and whoever makes the ring owns
    /// them; null for host memory.</param>
    public SampleRing(int width, int height, int historyLength, Func<int, long, IDeviceSamples>? device)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegative(historyLength);
        Width = width;
        Height = height;
        PlaneLength = checked(Channels * width * height);
        SlotSizeInBytes = SlotSizeOf(width, height);
        SlotCount = SlotsFor(historyLength);
        SizeInBytes = SlotSizeInBytes * SlotCount;
        _leases = new int[SlotCount];
        _retained = new bool[SlotCount];
        _history = new int[1 + historyLength];
        Array.Fill(_history, -1);
        Device = device?.Invoke(SlotCount, SlotSizeInBytes);
        if (Device is null)
        {
            _memory = NativeMemory.AlignedAlloc((nuint)SizeInBytes, Alignment);
            NativeMemory.Clear(_memory, (nuint)SizeInBytes);
        }
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Floats of one planar image, 3·W·H.</summary>
    public int PlaneLength { get; }

    /// <summary>Slots in the ring.</summary>
    public int SlotCount { get; }

    /// <summary>
    /// Distance of two slots in bytes; x_t stands first in a slot, D follows at <see cref="DenoisedOffsetInBytes"/>.
    /// </summary>
    public long SlotSizeInBytes { get; }

    /// <summary>Offset of D within a slot in bytes.</summary>
    public long DenoisedOffsetInBytes => (long)PlaneLength * sizeof(float);

    /// <summary>Size of the whole block in bytes, a multiple of <see cref="Alignment"/>.</summary>
    public long SizeInBytes { get; }

    /// <summary>The device's images, or null for a ring in host memory.</summary>
    public IDeviceSamples? Device { get; }

    /// <summary>Address of the block; valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="InvalidOperationException">The ring's images are a device's.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return Device is null
                ? (nint)_memory
                : throw new InvalidOperationException("The ring's images lie on a device and have no address.");
        }
    }

    /// <summary>What the newest published slot shows; generation 0 before the first.</summary>
    public SampleInfo LatestInfo
    {
        get
        {
            lock (_gate)
            {
                return _latestInfo;
            }
        }
    }

    /// <summary>Writer: the slot that holds the current x, or -1 before the first publication.</summary>
    public int CurrentSlot => _history[0];

    /// <summary>
    /// Writer: the slot whose D is <paramref name="age"/> publications older than the current one, or -1.
    /// </summary>
    public int HistorySlot(int age) => age < _history.Length ? _history[age] : -1;

    /// <summary>Bytes that a ring takes, asked before it is made.</summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="historyLength">Earlier slots whose D the writer still reads.</param>
    public static long SizeOf(int width, int height, int historyLength) =>
        SlotSizeOf(width, height) * SlotsFor(historyLength);

    /// <summary>x_t of a slot, planar [3, H, W]; of a ring on a device a copy, made now.</summary>
    public Span<float> Sample(int slot) => Image(slot, isDenoised: false);

    /// <summary>D of a slot, planar [3, H, W] in [-1, 1] when clamped; likewise.</summary>
    public Span<float> Denoised(int slot) => Image(slot, isDenoised: true);

    /// <summary>Writer: takes a free slot to write, or returns false when readers hold them all.</summary>
    public bool TryBeginWrite(out int slot)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        lock (_gate)
        {
            for (slot = 0; slot < SlotCount; slot++)
            {
                if (!_retained[slot] && _leases[slot] == 0)
                {
                    _writing = slot;
                    Device?.Forget(slot);
                    return true;
                }
            }
        }

        slot = -1;
        return false;
    }

    /// <summary>Writer: makes the slot of <see cref="TryBeginWrite"/> the newest.</summary>
    /// <param name="step">Steps finished.</param>
    /// <param name="level">Noise level of x_t.</param>
    /// <exception cref="InvalidOperationException">No write was begun.</exception>
    public void Publish(int step, Schedules.NoiseLevel level)
    {
        lock (_gate)
        {
            if (_writing < 0)
            {
                throw new InvalidOperationException("Publish needs a slot taken by TryBeginWrite.");
            }

            int oldest = _history[^1];
            if (oldest >= 0)
            {
                _retained[oldest] = false;
            }

            for (int age = _history.Length - 1; age > 0; age--)
            {
                _history[age] = _history[age - 1];
            }

            _history[0] = _writing;
            _retained[_writing] = true;
            _writing = -1;
            _latestInfo = new SampleInfo(_latestInfo.Generation + 1, step, level);
        }
    }

    /// <summary>Writer: forgets earlier slots, keeping the current one, as a chain that starts anew does.</summary>
    public void ForgetHistory()
    {
        lock (_gate)
        {
            for (int age = 1; age < _history.Length; age++)
            {
                if (_history[age] >= 0)
                {
                    _retained[_history[age]] = false;
                    _history[age] = -1;
                }
            }
        }
    }

    /// <summary>Reader: holds the newest slot if it is newer than <paramref name="afterGeneration"/>.</summary>
    /// <returns>False when there is nothing newer.</returns>
    public bool TryAcquireLatest(ulong afterGeneration, out SampleLease lease)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        lock (_gate)
        {
            if (_latestInfo.Generation <= afterGeneration)
            {
                lease = default;
                return false;
            }

            int slot = _history[0];
            _leases[slot]++;
            lease = new SampleLease(slot, _latestInfo);
            return true;
        }
    }

    /// <summary>Reader: gives a lease back.</summary>
    /// <exception cref="InvalidOperationException">The slot is not leased.</exception>
    public void Release(SampleLease lease)
    {
        lock (_gate)
        {
            if ((uint)lease.Slot >= (uint)SlotCount || _leases[lease.Slot] == 0)
            {
                throw new InvalidOperationException($"Slot {lease.Slot} is not leased.");
            }

            _leases[lease.Slot]--;
        }
    }

    /// <summary>Frees host memory. No device must read it any more.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_memory is not null)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }
    }

    private static long SlotSizeOf(int width, int height) =>
        RoundUp(checked(2L * Channels * width * height * sizeof(float)), Alignment);

    // Current x, the earlier slots, the one being written, and what readers hold.
    private static int SlotsFor(int historyLength) => 2 + historyLength + ReaderSlots;

    private static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;

    private Span<float> Image(int slot, bool isDenoised)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, SlotCount);
        if (Device is { } device)
        {
            return device.Read(slot, isDenoised);
        }

        byte* image = (byte*)_memory + (slot * SlotSizeInBytes) + (isDenoised ? DenoisedOffsetInBytes : 0);
        return new Span<float>(image, PlaneLength);
    }
}
