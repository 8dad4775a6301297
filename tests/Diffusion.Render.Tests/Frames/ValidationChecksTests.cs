using System.Numerics;
using System.Text.RegularExpressions;
using Diffusion.Render.Devices;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Frames;

/// <summary>All passes and both ways of sharing under the checks that are too slow for every test.</summary>
[Collection(VulkanTests.Name)]
public sealed partial class ValidationChecksTests(VulkanFixture vulkan)
{
    private const int Frames = 4;

    /// <summary>Messages that say nothing about this code, by their names, each with its reason.</summary>
    private static readonly Dictionary<string, string> _allowed = new()
    {
        ["UNASSIGNED-BestPractices-vkCreateInstance-specialuse-extension-debugging"] =
            "VK_EXT_debug_utils carries the layer's messages and the objects' names",
        ["UNASSIGNED-BestPractices-pipeline-stage-flags"] = "a time stamp after a pass waits for all of it",
        ["UNASSIGNED-BestPractices-ImageBarrierAccessLayout"] =
            "this layer does not know that SHADER_SAMPLED_READ is a part of SHADER_READ",
    };

    [SkippableFact]
    public void Frames_UnderBestPractices_GiveNoMessageButTheNamedOnes()
        => RunUnder(ValidationChecks.Synchronisation | ValidationChecks.BestPractices);

    [SkippableFact]
    public void Frames_UnderGpuAssistedChecks_GiveNoMessageButTheNamedOnes()
    {
        Skip.If(
            vulkan.Device.Info.Type == PhysicalDeviceType.Cpu,
            "the layer of Vulkan 1.3.239 never comes back from these checks on llvmpipe");
        RunUnder(ValidationChecks.GpuAssisted);
    }

    private void RunUnder(ValidationChecks checks)
    {
        _ = vulkan.Device;
        using VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, Checks = checks });

        // Of a MiB at least: it is imported as it is, and a small one would be a small allocation.
        using var ring = new SampleRing(128, 128, 0);
        using (var rig = new SceneRig(device, 96, 72))
        {
            SharedTexture stone = rig.Textures.Add(ring, "stone");
            Assert.True(stone.Path == SharingPath.HostImport || !device.SupportsHostImport, stone.PathReason);
            SharedTexture staged = rig.Textures.Add(ring, "staged", SharingPath.Staging);
            staged.Fade = TimeSpan.FromMinutes(1);
            for (int frame = 0; frame < Frames; frame++)
            {
                TestSamples.PublishNoise(ring, frame);
                rig.Render(scene =>
                {
                    scene.Draw(rig.Plane, Matrix4x4.Identity, staged);
                    scene.Draw(rig.Cube, Matrix4x4.CreateRotationY(frame), stone);
                    rig.Overlay.Text(2, 2, "frame", Rgba.White);
                });
            }
        }

        device.WaitIdle();
        string[] unexpected = [.. device.Validation!.Messages.Where(message => !_allowed.ContainsKey(NameOf(message)))];
        Assert.True(unexpected.Length == 0, string.Join('\n', unexpected.DistinctBy(NameOf)));
    }

    // The layer writes "Validation Error: [ NAME ] Object 0: ...".
    private static string NameOf(string message) => MessageName().Match(message).Groups[1].Value;

    [GeneratedRegex(@"\[ (\S+) \]")]
    private static partial Regex MessageName();
}
