using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Sharing;

/// <summary>A chain that writes without pause, frames that never wait for it, and no image of two
/// generations.</summary>
[Collection(VulkanTests.Name)]
public sealed class TearingTests(VulkanFixture vulkan)
{
    private const int Frames = 10_000;
    private const int FramesBetweenWaits = 5;
    private const int Size = 24;

    [SkippableTheory]
    [InlineData(SharingPath.HostImport)]
    [InlineData(SharingPath.Staging)]
    public void ShownImage_TenThousandFramesAtFullSpeed_IsOfOneGeneration(SharingPath path)
    {
        Skip.If(path == SharingPath.HostImport && !vulkan.Device.SupportsHostImport, vulkan.Device.HostImportReason);
        using var host = new EngineHost(takesOptional: true, validates: false);
        using var device = VulkanDevice.Adopt(host.Lent);
        using var ring = new SampleRing(Size, Size, 0);
        TestSamples.PublishMarker(ring);
        using var writer = new MarkerWriter(ring);
        using var textures = new SharedTexturePass(device);
        using var target = new NoTarget();
        using var renderer = new FrameRenderer(device, target, [textures]);
        using SharedTexture texture = textures.Add(ring, "stone", path);
        using var frames = new EngineFrames(host, device, Size, Size);
        ulong newest = 0;
        int torn = 0;
        int changes = 0;

        void Check(in SharedImage image, ReadOnlySpan<byte> rgba)
        {
            byte marker = TestSamples.MarkerOf(image.Info.Generation);
            torn += rgba[0] == marker && rgba.IndexOfAnyExcept(marker, byte.MaxValue) < 0 ? 0 : 1;
            Assert.InRange(image.Info.Generation, newest, ulong.MaxValue);
            changes += image.Info.Generation > newest ? 1 : 0;
            newest = image.Info.Generation;
        }

        for (int frame = 0; frame < Frames; frame++)
        {
            if (frame % FramesBetweenWaits == 0)
            {
                // On a busy machine the writer has no core of its own: without a pause all frames would show one image.
                SpinWait.SpinUntil(() => textures.IsBehind);
            }

            if (renderer.IsReady && textures.IsBehind && renderer.TryBeginFrame(out _))
            {
                renderer.EndFrame();
            }

            if (frame > 0 || texture.TryGetLatest(out _))
            {
                frames.Frame(texture, Check);
            }
        }

        Assert.Equal(0, torn);
        Assert.InRange(changes, Frames / 10, Frames);
    }
}
