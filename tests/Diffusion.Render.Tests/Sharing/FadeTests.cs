using System.Runtime.InteropServices;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Sharing;

[Collection(VulkanTests.Name)]
public sealed class FadeTests(VulkanFixture vulkan)
{
    private const int Width = 21;
    private const int Height = 10;
    private const int FadeMs = 100;

    // Decoded, mixed and encoded by the device, whose pow and stores round as they may.
    private const int ByteTolerance = 1;

    [SkippableTheory]
    [InlineData(SharingPath.HostImport)]
    [InlineData(SharingPath.Staging)]
    public void Record_NewSample_ComesInByTheClockAsAMixtureOfLight(SharingPath path)
    {
        VulkanDevice device = vulkan.Device;
        Skip.If(path == SharingPath.HostImport && !device.SupportsHostImport, device.HostImportReason);
        using var ring = new SampleRing(Width, Height, 1);
        using var rig = new FadeRig(device, ring, path);
        TestSamples.PublishNoise(ring, 3);
        byte[] before = rig.Frame();
        Assert.Equal(Pixels(ring), before);
        TestSamples.PublishNoise(ring, 30);
        byte[] after = Pixels(ring);

        Assert.Equal(before, rig.Frame());
        double elapsed = 0;
        foreach (double weight in new[] { 0.25, 0.5, 0.95 })
        {
            rig.Time.Advance((weight * FadeMs) - elapsed);
            elapsed = weight * FadeMs;
            AssertMixture(before, after, weight, rig.Frame());
            Assert.True(rig.Texture.IsBehind);
        }

        rig.Time.Advance(FadeMs);
        Assert.Equal(after, rig.Frame());
        Assert.False(rig.Texture.IsBehind);
        Assert.Equal(2, rig.Texture.ConversionCount);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_OtherView_FadesAndATurnOnTheWayBeginsFromWhatIsSeen()
    {
        using var ring = new SampleRing(Width, Height, 1);
        using var rig = new FadeRig(vulkan.Device, ring);
        TestSamples.PublishNoise(ring, 3);
        byte[] sample = rig.Frame();
        rig.Texture.Display = SampleView.Denoised;
        rig.Frame();
        rig.Time.Advance(FadeMs / 2);

        byte[] half = rig.Frame();
        byte[] denoised = TestSamples.ToRgba(ring.Denoised(ring.CurrentSlot), Width * Height);
        AssertMixture(sample, denoised, 0.5, half);

        rig.Texture.Display = SampleView.Sample;
        Assert.Equal(half, rig.Frame());
        rig.Time.Advance(FadeMs / 4);
        AssertMixture(half, sample, 0.25, rig.Frame());
        rig.Time.Advance(FadeMs);
        Assert.Equal(sample, rig.Frame());
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_NewSampleInEveryFrame_FollowsExponentially()
    {
        const int Frames = 12;
        const double Tolerance = 4e-3; // halves, rounded once a frame
        using var ring = new SampleRing(Width, Height, 1);
        using var rig = new FadeRig(vulkan.Device, ring, format: SharedTextureFormat.Rgba16Float);
        TestSamples.PublishColour(ring, -1f, -1f, -1f);
        rig.Frame();

        for (int frame = 0; frame < Frames; frame++)
        {
            TestSamples.PublishColour(ring, 1f, 1f, 1f);
            double red = (double)MemoryMarshal.Cast<byte, Half>(rig.Frame())[0];

            // Each frame goes a tenth of the way that is left.
            Assert.InRange(red, 1 - Math.Pow(0.9, frame) - Tolerance, 1 - Math.Pow(0.9, frame) + Tolerance);
            rig.Time.Advance(FadeMs / 10);
        }

        rig.Time.Advance(FadeMs);
        Assert.Equal((Half)1, MemoryMarshal.Cast<byte, Half>(rig.Frame())[0]);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_HalfWay_FillsTheMipLevels()
    {
        using var ring = new SampleRing(16, 16, 1);
        using var rig = new FadeRig(vulkan.Device, ring);
        TestSamples.PublishColour(ring, -1f, 0f, 1f);
        rig.Frame();
        TestSamples.PublishColour(ring, 1f, 0f, -1f);
        rig.Frame();
        rig.Time.Advance(FadeMs / 2);
        rig.Frame();

        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        byte[] top = ImageReader.Read(vulkan.Device, image, 16, 16, level: 4);
        Assert.InRange(top[0], 188 - ByteTolerance, 188 + ByteTolerance); // linear 0.5, encoded
        Assert.InRange(top[1], 128 - ByteTolerance, 128 + ByteTolerance);
        Assert.InRange(top[2], 188 - ByteTolerance, 188 + ByteTolerance);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Fade_SetToZeroOnTheWay_ShowsTheNewestAtOnce()
    {
        using var ring = new SampleRing(Width, Height, 1);
        using var rig = new FadeRig(vulkan.Device, ring);
        TestSamples.PublishNoise(ring, 3);
        rig.Frame();
        TestSamples.PublishNoise(ring, 4);
        rig.Frame();
        rig.Time.Advance(FadeMs / 2);
        rig.Frame();

        rig.Texture.Fade = TimeSpan.Zero;

        Assert.Equal(Pixels(ring), rig.Frame());
        TestSamples.PublishNoise(ring, 5);
        Assert.Equal(Pixels(ring), rig.Frame());
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Texture.Fade = TimeSpan.FromTicks(-1));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Frames_SampleInEverySecond_MixWithoutWaitingOrAllocating()
    {
        const int WarmUp = 60;
        const int Frames = 300;
        using var ring = new SampleRing(Width, Height, 1);
        using var rig = new FadeRig(vulkan.Device, ring);
        int last = -1;
        long allocated = 0;
        for (int i = 0; i < WarmUp + Frames; i++)
        {
            if (i == WarmUp)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
            }

            if (i % 2 == 0)
            {
                Assert.True(ring.TryBeginWrite(out _), "a lease leaked");
                ring.Publish(i, default(NoiseLevel));
            }

            rig.Draw();
            rig.Time.Advance(10);
            rig.Texture.TryGetLatest(out SharedImage image);
            Assert.True(i < 4 || image.Index != last, "a frame found no image to mix into");
            last = image.Index;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_ReadersHoldAllImages_KeepsTheOldOneAndGoesOnWhenTheyLetGo()
    {
        using var ring = new SampleRing(Width, Height, 0);
        using var rig = new FadeRig(vulkan.Device, ring);
        TestSamples.PublishNoise(ring, 0);
        rig.Frame();
        TestSamples.PublishNoise(ring, 1);
        rig.Draw();
        for (int i = 0; i < SharedTexture.FadingImageCount; i++)
        {
            rig.Texture.Hold(i);
        }

        byte[] held = rig.Frame();
        rig.Time.Advance(FadeMs / 2);
        Assert.Equal(held, rig.Frame());
        for (int i = 0; i < SharedTexture.FadingImageCount; i++)
        {
            rig.Texture.Unhold(i);
        }

        AssertMixture(held, Pixels(ring), 0.5, rig.Frame());
        vulkan.AssertSilent();
    }

    private static byte[] Pixels(SampleRing ring)
        => TestSamples.ToRgba(ring.Sample(ring.CurrentSlot), ring.Width * ring.Height);

    private static void AssertMixture(byte[] before, byte[] after, double weight, byte[] mixture)
    {
        for (int i = 0; i < mixture.Length; i++)
        {
            // IEC 61966-2-1; alpha is opaque in all.
            double linear = ((1 - weight) * Decode(before[i])) + (weight * Decode(after[i]));
            double encoded = linear <= 0.0031308 ? linear * 12.92 : (1.055 * Math.Pow(linear, 1 / 2.4)) - 0.055;
            Assert.InRange(mixture[i], (encoded * 255) - ByteTolerance, (encoded * 255) + ByteTolerance);
        }
    }

    private static double Decode(byte value)
        => value <= 10 ? value / 255.0 / 12.92 : Math.Pow(((value / 255.0) + 0.055) / 1.055, 2.4);

    /// <summary>A texture that fades, alone in a frame.</summary>
    private sealed class FadeRig : IDisposable
    {
        private readonly VulkanDevice _device;
        private readonly NoTarget _target = new();
        private readonly SharedTexturePass _pass;
        private readonly FrameRenderer _renderer;
        private readonly SharedTextureFormat _format;

        public FadeRig(
            VulkanDevice device, SampleRing ring, SharingPath? path = null,
            SharedTextureFormat format = SharedTextureFormat.Rgba8)
        {
            _device = device;
            _format = format;
            _pass = new SharedTexturePass(device, Time);
            _renderer = new FrameRenderer(device, _target, [_pass]);
            Texture = _pass.Add(ring, "test", path, format);
            Texture.Fade = TimeSpan.FromMilliseconds(FadeMs);
        }

        public ManualTime Time { get; } = new();

        public SharedTexture Texture { get; }

        public void Draw()
        {
            Assert.True(_renderer.TryBeginFrame(out _));
            _renderer.EndFrame();
        }

        public byte[] Frame()
        {
            Draw();
            Assert.True(Texture.TryGetLatest(out SharedImage image));
            return ImageReader.Read(
                _device, image, Texture.Width, Texture.Height,
                texelSize: _format == SharedTextureFormat.Rgba8 ? 4 : 8);
        }

        public void Dispose()
        {
            _renderer.Dispose();
            _pass.Dispose();
            _target.Dispose();
        }
    }
}
