using System.Runtime.InteropServices;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Sharing;

[Collection(VulkanTests.Name)]
public sealed class SharedTextureTests(VulkanFixture vulkan)
{
    // Odd on purpose: neither side is a multiple of the shader's groups of 8.
    private const int Width = 45;
    private const int Height = 19;

    public static TheoryData<SharingPath, SampleView> PathsAndViews => new()
    {
        { SharingPath.HostImport, SampleView.Sample },
        { SharingPath.HostImport, SampleView.Denoised },
        { SharingPath.Staging, SampleView.Sample },
        { SharingPath.Staging, SampleView.Denoised },
    };

    [SkippableTheory]
    [MemberData(nameof(PathsAndViews))]
    public void Record_PlanarNoise_EqualsDefinitionBitForBit(SharingPath path, SampleView view)
    {
        VulkanDevice device = vulkan.Device;
        SkipWithoutHostImport(device, path);
        using var ring = new SampleRing(Width, Height, 1);
        TestSamples.PublishNoise(ring, seed: 5);
        TestSamples.PublishNoise(ring, seed: 7);
        using var rig = new TextureRig(device, ring, path);
        rig.Texture.Display = view;

        rig.Frame();

        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        Span<float> expected = view == SampleView.Sample
            ? ring.Sample(ring.CurrentSlot)
            : ring.Denoised(ring.CurrentSlot);
        Assert.Equal(
            TestSamples.ToRgba(expected, Width * Height), ImageReader.Read(device, image, Width, Height));
        Assert.Equal(2ul, image.Info.Generation);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(SharingPath.HostImport)]
    [InlineData(SharingPath.Staging)]
    public void Record_HalfFloats_AreLinearLightAndKeepWhatIsBrighterThanWhite(SharingPath path)
    {
        const double Tolerance = 2e-3; // a half has 11 bits, and a device's pow a few less than a float
        VulkanDevice device = vulkan.Device;
        SkipWithoutHostImport(device, path);
        using var ring = new SampleRing(Width, Height, 1);
        TestSamples.PublishNoise(ring, seed: 5);
        ring.Sample(ring.CurrentSlot)[2] = float.NaN;
        ring.Sample(ring.CurrentSlot)[3] = 1e9f;
        using var rig = new TextureRig(device, ring, path, SharedTextureFormat.Rgba16Float);

        rig.Frame();

        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        ReadOnlySpan<Half> texels = MemoryMarshal.Cast<byte, Half>(
            ImageReader.Read(device, image, Width, Height, texelSize: 8));
        int bright = 0;
        for (int pixel = 0; pixel < Width * Height; pixel++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                double value = ring.Sample(ring.CurrentSlot)[(channel * Width * Height) + pixel];

                // IEC 61966-2-1, for [0, 4] where the standard has [0, 1].
                double encoded = double.IsNaN(value) ? 0 : Math.Clamp((value * 0.5) + 0.5, 0, 4);
                double linear = encoded <= 0.04045 ? encoded / 12.92 : Math.Pow((encoded + 0.055) / 1.055, 2.4);
                double texel = (double)texels[(pixel * 4) + channel];
                Assert.InRange(texel, (linear * (1 - Tolerance)) - 1e-5, (linear * (1 + Tolerance)) + 1e-5);
                bright += texel > 1.5 ? 1 : 0;
            }

            Assert.Equal((Half)1, texels[(pixel * 4) + 3]);
        }

        Assert.InRange(bright, Width, int.MaxValue);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(SharedTextureFormat.Rgba8, 3)]
    [InlineData(SharedTextureFormat.Rgba16Float, 4)]
    public void Record_StagedImageLargerThanAFrameCopies_ComesWholeWhileTheChainGoesOn(
        SharedTextureFormat format, int frames)
    {
        const int Edge = 270; // 72,900 pixels of 24,576 a frame; 218,700 floats of 65,536
        VulkanDevice device = vulkan.Device;
        using var ring = new SampleRing(Edge, Edge, 0);
        using var rig = new TextureRig(device, ring, SharingPath.Staging, format);
        for (ulong shown = 1; shown <= 2; shown++)
        {
            ulong first = ring.LatestInfo.Generation + 1;
            float[] expected = [];
            for (int frame = 0; frame < frames; frame++)
            {
                Assert.Equal((long)shown - 1, rig.Texture.ConversionCount);
                TestSamples.PublishNoise(ring, seed: (10 * frame) + (int)shown);
                expected = frame == 0 ? ring.Sample(ring.CurrentSlot).ToArray() : expected;
                rig.Frame();
            }

            Assert.Equal((long)shown, rig.Texture.ConversionCount);
            Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
            Assert.Equal(first, image.Info.Generation);
            if (format == SharedTextureFormat.Rgba8)
            {
                Assert.Equal(TestSamples.ToRgba(expected, Edge * Edge), ImageReader.Read(device, image, Edge, Edge));
            }
        }

        int bytes = format == SharedTextureFormat.Rgba8 ? 4 : 12;
        Assert.Equal(2L * bytes * Edge * Edge, rig.Texture.TotalBytesCopied);
        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(SharingPath.HostImport)]
    [InlineData(SharingPath.Staging)]
    public void Record_DisplaySwitchedWithoutNewSample_ConvertsAgain(SharingPath path)
    {
        VulkanDevice device = vulkan.Device;
        SkipWithoutHostImport(device, path);
        using var ring = new SampleRing(Width, Height, 1);
        TestSamples.PublishNoise(ring, seed: 5);
        using var rig = new TextureRig(device, ring, path);
        rig.Frame();
        rig.Texture.Display = SampleView.Denoised;

        rig.Frame();
        rig.Frame();

        Assert.Equal(2, rig.Texture.ConversionCount);
        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        Assert.Equal(1ul, image.Info.Generation);
        Assert.Equal(
            TestSamples.ToRgba(ring.Denoised(ring.CurrentSlot), Width * Height),
            ImageReader.Read(device, image, Width, Height));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_BlackAndWhiteHalves_MipLevelsAverageInLinearLight()
    {
        // A texel of black and a texel of white average to linear 0.5, which sRGB encodes as 188, not as 128.
        const int Size = 2;
        const byte LinearHalf = 188;
        const int BlitTolerance = 1; // a blit's filter and encoding are exact to one step only
        VulkanDevice device = vulkan.Device;
        using var ring = new SampleRing(Size, Size, 0);
        Assert.True(ring.TryBeginWrite(out int slot));
        for (int i = 0; i < ring.PlaneLength; i++)
        {
            ring.Sample(slot)[i] = i % 2 == 0 ? -1f : 1f;
        }

        ring.Publish(0, default);
        using var rig = new TextureRig(device, ring, null);
        rig.Frame();

        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        byte[] top = ImageReader.Read(device, image, Size, Size, level: 1);
        Assert.InRange(top[0], LinearHalf - BlitTolerance, LinearHalf + BlitTolerance);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_BeforeFirstSample_ShowsNothing()
    {
        using var ring = new SampleRing(Width, Height, 0);
        using var rig = new TextureRig(vulkan.Device, ring, null);

        rig.Frame();

        Assert.False(rig.Texture.TryGetLatest(out _));
        Assert.Equal(0, rig.Texture.ConversionCount);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Record_ForeignReadersHoldAllImages_KeepsTheOldImageAndDoesNotWait()
    {
        VulkanDevice device = vulkan.Device;
        using var ring = new SampleRing(Width, Height, 0);
        using var rig = new TextureRig(device, ring, null);
        for (int i = 0; i < SharedTexture.ImageCount; i++)
        {
            TestSamples.PublishNoise(ring, i);
            rig.Frame();
            Assert.True(rig.Texture.TryGetLatest(out SharedImage held));
            rig.Texture.ReleaseAfter(held, ulong.MaxValue);
        }

        TestSamples.PublishNoise(ring, 9);
        rig.Frame();

        Assert.True(rig.Texture.TryGetLatest(out SharedImage image));
        Assert.Equal((ulong)SharedTexture.ImageCount, image.Info.Generation);
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Dispose_WithFramesInFlight_GivesLeasesBack()
    {
        VulkanDevice device = vulkan.Device;
        using var ring = new SampleRing(Width, Height, 0);
        using var rig = new TextureRig(device, ring, null);
        TestSamples.PublishNoise(ring, 1);
        rig.Frame(wait: false);
        TestSamples.PublishNoise(ring, 2);
        rig.Frame(wait: false);

        rig.Texture.Dispose();

        Assert.Equal(0, rig.Texture.PendingLeases);
        Assert.Throws<ObjectDisposedException>(() => rig.Texture.TryGetLatest(out _));
        Assert.Throws<InvalidOperationException>(() => ring.Release(new SampleLease(ring.CurrentSlot, default)));
        vulkan.AssertSilent();
    }

    [SkippableFact]
    public void Add_HostImportSwitchedOff_FallsBackAndSaysWhy()
    {
        _ = vulkan.Device;
        List<string> log = [];
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, DisableHostImport = true, Log = log.Add });
        using var pass = new SharedTexturePass(device);
        using var ring = new SampleRing(Width, Height, 0);
        using SharedTexture texture = pass.Add(ring, "stone");

        Assert.Equal(SharingPath.Staging, texture.Path);
        Assert.Contains("switched off", texture.PathReason, StringComparison.Ordinal);
        using SharedTexture asked = pass.Add(ring, "grass", SharingPath.Staging);
        using SharedTexture another = pass.Add(ring, "lava");
        Assert.Equal(["\"stone\" is shared by staging: no host import: host import was switched off."], log);
        var error = Assert.Throws<VulkanException>(() => pass.Add(ring, "wood", SharingPath.HostImport));
        Assert.Contains("wood", error.Message, StringComparison.Ordinal);
        VulkanFixture.AssertSilent(device);
    }

    private static void SkipWithoutHostImport(VulkanDevice device, SharingPath path)
        => Skip.If(path == SharingPath.HostImport && !device.SupportsHostImport, device.HostImportReason);

    /// <summary>A texture alone in a frame.</summary>
    private sealed class TextureRig : IDisposable
    {
        private readonly VulkanDevice _device;
        private readonly OffscreenTarget _target;
        private readonly SharedTexturePass _pass;
        private readonly FrameRenderer _renderer;

        public TextureRig(
            VulkanDevice device, SampleRing ring, SharingPath? path,
            SharedTextureFormat format = SharedTextureFormat.Rgba8)
        {
            _device = device;
            _target = new OffscreenTarget(device, 8, 8);
            _pass = new SharedTexturePass(device);
            _renderer = new FrameRenderer(device, _target, [_pass]);
            Texture = _pass.Add(ring, "test", path, format);
        }

        public SharedTexture Texture { get; }

        public void Frame(bool wait = true)
        {
            Assert.True(_renderer.TryBeginFrame(out Frame frame));
            _renderer.EndFrame();
            if (wait)
            {
                _device.Timeline.Wait(frame.Value);
            }
        }

        public void Dispose()
        {
            _renderer.Dispose();
            _pass.Dispose();
            _target.Dispose();
        }
    }
}
