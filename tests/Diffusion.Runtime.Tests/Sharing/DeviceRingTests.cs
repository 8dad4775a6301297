using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Tests.Sharing;

/// <summary>A ring whose images a device holds.</summary>
public sealed class DeviceRingTests
{
    [Fact]
    public void Sample_OfADevice_IsReadThereAndOnlyWhenAskedFor()
    {
        FakeDevice device = new();
        using SampleRing ring = Create(device);
        Publish(ring);

        Assert.True(ring.TryAcquireLatest(0, out SampleLease lease));
        Assert.Empty(device.Reads);
        Assert.Equal(2 * lease.Slot, ring.Sample(lease.Slot)[0]);
        Assert.Equal((2 * lease.Slot) + 1, ring.Denoised(lease.Slot)[0]);
        Assert.Equal([(lease.Slot, false), (lease.Slot, true)], device.Reads);
    }

    [Fact]
    public void TryBeginWrite_OfADevice_ForgetsWhatWasReadOfTheSlot()
    {
        FakeDevice device = new();
        using SampleRing ring = Create(device);

        Assert.True(ring.TryBeginWrite(out int slot));

        Assert.Equal([slot], device.Forgotten);
    }

    [Fact]
    public void Address_OfADevice_SaysThatThereIsNone()
    {
        using SampleRing ring = Create(new FakeDevice());

        var error = Assert.Throws<InvalidOperationException>(() => ring.Address);
        Assert.Contains("on a device", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Sample(ring.SlotCount));
    }

    [Fact]
    public void Create_OfADevice_SaysHowManySlotsOfWhatSize()
    {
        FakeDevice device = new();
        using SampleRing ring = Create(device);

        Assert.Equal((ring.SlotCount, ring.SlotSizeInBytes), device.Asked);
        Assert.Equal(ring.SizeInBytes, SampleRing.SizeOf(ring.Width, ring.Height, 2));
    }

    [Fact]
    public void Disposed_OfADevice_SaysSo()
    {
        SampleRing ring = Create(new FakeDevice());
        ring.Dispose();

        Assert.Throws<ObjectDisposedException>(() => ring.Sample(0));
        Assert.Throws<ObjectDisposedException>(() => ring.TryBeginWrite(out _));
    }

    private static SampleRing Create(FakeDevice device) => new(4, 4, 2, (slots, size) =>
    {
        device.Asked = (slots, size);
        return device;
    });

    private static void Publish(SampleRing ring)
    {
        Assert.True(ring.TryBeginWrite(out _));
        ring.Publish(1, NoiseLevel.Clean);
    }

    private sealed class FakeDevice : IDeviceSamples
    {
        public (int Slots, long Size) Asked { get; set; }

        public List<(int Slot, bool IsDenoised)> Reads { get; } = [];

        public List<int> Forgotten { get; } = [];

        public Span<float> Read(int slot, bool isDenoised)
        {
            Reads.Add((slot, isDenoised));
            return new float[] { (2 * slot) + (isDenoised ? 1 : 0) };
        }

        public void Write(int slot, bool isDenoised, ReadOnlySpan<float> image) => throw new NotSupportedException();

        public void Forget(int slot) => Forgotten.Add(slot);
    }
}
