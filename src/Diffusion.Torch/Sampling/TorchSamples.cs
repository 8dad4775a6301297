using System.Runtime.InteropServices;
using Diffusion.Runtime.Sharing;
using Diffusion.Torch.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Sampling;

/// <summary>The slots of a <see cref="SampleRing"/> in one tensor on CUDA.</summary>
/// <remarks>
/// Reading copies an image to the host and waits for all that CUDA was handed before; only a host that asks for pixels,
/// or a renderer without a shorter way, does that. Any thread, each image on one at a time; dispose after the ring's
/// last reader.
/// </remarks>
public sealed class TorchSamples : IMirroredSamples, IDisposable
{
    private readonly long _slotSize;
    private readonly int _slots;
    private readonly int _width;
    private readonly int _height;
    private readonly Tensor _memory;
    private readonly float[]?[] _read;
    private readonly bool[] _isRead;

    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();
    private readonly List<CudaMirror> _mirrors = [];
    private readonly bool _usesDriver;
    private CudaDevice? _driver;
    private string? _whyNoDriver;

    /// <param name="slots">How many slots.</param>
    /// <param name="slotSize">Their distance in bytes: x_t, then D, as in host memory.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="usesDriver">Whether the CUDA driver may be asked to copy them; tests say so of the CPU.</param>
    internal TorchSamples(int slots, long slotSize, int width, int height, Device device, bool usesDriver)
    {
        (_slots, _slotSize, _width, _height, _usesDriver) = (slots, slotSize, width, height, usesDriver);
        _read = new float[2 * slots][];
        _isRead = new bool[2 * slots];
        _memory = zeros([slots, slotSize / sizeof(float)], device: device).DetachFromDisposeScope();
    }

    private int ImageLength => SampleRing.Channels * _width * _height;

    /// <summary>Makes them on the CUDA device that <see cref="TorchBackend"/> works on.</summary>
    /// <param name="slots">How many slots.</param>
    /// <param name="slotSize">Their distance in bytes, as a ring asks.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <exception cref="NotSupportedException">There is no CUDA; the message says why.</exception>
    /// <exception cref="DllNotFoundException">libtorch is missing.</exception>
    public static TorchSamples OnCuda(int slots, long slotSize, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        ArgumentOutOfRangeException.ThrowIfLessThan(
            slotSize, 2L * SampleRing.Channels * width * height * sizeof(float));
        TorchNative.Load();
        _ = TorchBackend.UsesCuda(TorchDevice.Cuda);
        return new TorchSamples(slots, slotSize, width, height, CUDA, usesDriver: true);
    }

    /// <inheritdoc/>
    public Span<float> Read(int slot, bool isDenoised)
    {
        int index = IndexOf(slot, isDenoised);
        float[] copy = _read[index] ??= new float[ImageLength];
        if (!_isRead[index])
        {
            using DisposeScope scope = NewDisposeScope();
            MemoryMarshal.Cast<byte, float>(Image(slot, isDenoised).cpu().bytes).CopyTo(copy);
            _isRead[index] = true;
        }

        return copy;
    }

    /// <inheritdoc/>
    public void Forget(int slot)
    {
        _isRead[IndexOf(slot, false)] = false;
        _isRead[IndexOf(slot, true)] = false;
    }

    /// <inheritdoc/>
    public void Write(int slot, bool isDenoised, ReadOnlySpan<float> image)
    {
        using (DisposeScope scope = NewDisposeScope())
        {
            Tensor host = zeros(1, SampleRing.Channels, _height, _width);
            image.CopyTo(MemoryMarshal.Cast<byte, float>(host.bytes));
            Image(slot, isDenoised).copy_(host);
        }

        Forget(slot);
        Handed(slot);
    }

    /// <inheritdoc/>
    public string? WhyNotMirrored(Guid device)
    {
        lock (_gate)
        {
            if (!_usesDriver)
            {
                return "its samples are not on CUDA";
            }

            if (_driver is null && _whyNoDriver is null)
            {
                _driver = CudaDevice.TryOpen(out _whyNoDriver);
            }

            return _driver is null ? _whyNoDriver
                : _driver.Uuid == device ? null
                : $"CUDA runs on another device, {Text(_driver.Uuid)}, and Vulkan on {Text(device)}";
        }
    }

    /// <inheritdoc/>
    public ISampleMirror Mirror(ExportedMemory target)
    {
        ArgumentNullException.ThrowIfNull(target);
        lock (_gate)
        {
            if (_driver is null)
            {
                throw new SharingException(_whyNoDriver ?? "no device was asked for");
            }

            // Under the lock, so that no slot is written between the first copy of all and its own.
            var mirror = new CudaMirror(
                _driver, Address(), _slots * _slotSize, _slots, target, Drop);
            _mirrors.Add(mirror);
            return mirror;
        }
    }

    /// <summary>Frees the tensor; mirrors are their owners'.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>An image where it is, [1, 3, H, W], in the caller's dispose scope.</summary>
    internal Tensor Image(int slot, bool isDenoised)
    {
        _ = IndexOf(slot, isDenoised);
        using DisposeScope scope = NewDisposeScope();
        return _memory.narrow(0, slot, 1).narrow(1, isDenoised ? ImageLength : 0, ImageLength)
            .view(1, SampleRing.Channels, _height, _width).MoveToOuterDisposeScope();
    }

    /// <summary>A slot's images were written by what CUDA was handed: the mirrors copy them behind it.</summary>
    internal void Handed(int slot)
    {
        lock (_gate)
        {
            foreach (CudaMirror mirror in _mirrors)
            {
                mirror.Copy(slot, slot * _slotSize, 2L * ImageLength * sizeof(float));
            }
        }
    }

    private static string Text(Guid uuid) => Convert.ToHexStringLower(uuid.ToByteArray());

    private ulong Address()
    {
        using Storage<float> storage = _memory.storage<float>();
        return (ulong)storage.data_ptr();
    }

    private void Drop(CudaMirror mirror)
    {
        lock (_gate)
        {
            _mirrors.Remove(mirror);
        }
    }

    private int IndexOf(int slot, bool isDenoised)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _slots);
        return (2 * slot) + (isDenoised ? 1 : 0);
    }
}
