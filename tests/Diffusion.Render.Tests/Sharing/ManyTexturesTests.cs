using System.Numerics;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Sharing;

[Collection(VulkanTests.Name)]
public sealed class ManyTexturesTests(VulkanFixture vulkan)
{
    [SkippableFact]
    public void Draw_SixtyFourTexturesInAFrame_AreSilentAndAllConverted()
    {
        const int Count = 64;
        const int Frames = 5;
        SampleRing[] rings = [.. Enumerable.Range(0, Count).Select(_ => new SampleRing(16, 16, 0))];
        using (var rig = new SceneRig(vulkan.Device, 64, 48))
        {
            SharedTexture[] textures = [.. rings.Select((ring, i) => rig.Textures.Add(ring, $"texture {i}"))];
            for (int frame = 0; frame < Frames; frame++)
            {
                foreach (SampleRing ring in rings)
                {
                    TestSamples.PublishMarker(ring);
                }

                rig.Render(scene =>
                {
                    scene.Draw(rig.Plane, Matrix4x4.Identity);
                    for (int i = 0; i < Count; i++)
                    {
                        scene.Draw(
                            rig.Cube, Matrix4x4.CreateScale(0.1f) * Matrix4x4.CreateTranslation(i % 8, 0, i / 8),
                            textures[i]);
                    }
                });
            }

            Assert.All(textures, texture => Assert.Equal(Frames, texture.ConversionCount));
            vulkan.AssertSilent();
        }

        foreach (SampleRing ring in rings)
        {
            ring.Dispose();
        }
    }
}
