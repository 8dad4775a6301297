using System.Numerics;
using Diffusion.Onnx;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;

ModelFolder model = ModelFolder.Open(args[0]);                         // the path of models/textures-64
using var backend = new OnnxBackend(model);                            // on the CPU; or TorchBackend, ComputeBackend
using var runtime = new DiffusionRuntime(backend, model.Description);
TextureHandle brick = runtime.Submit(
    new TextureRequest { Width = 64, Height = 64, ClassName = "brick", Seed = 7 });

using var device = VulkanDevice.Create(new VulkanDeviceOptions());     // or Adopt, your engine's own
using var target = new OffscreenTarget(device, 640, 360);
using var textures = new SharedTexturePass(device);
using var scene = new MeshPass(device, target.Format);
using var renderer = new FrameRenderer(device, target, [textures, scene]);
using Mesh cube = MeshBuilder.Cube(device);
using SharedTexture texture = textures.Add(runtime.GetSamples(brick), "brick");

while (runtime.GetProgress(brick).Status == ChainStatus.Running)       // your frame loop
{
    runtime.Tick(TimeSpan.FromMilliseconds(8));                        // the slices that fit; at least one
    renderer.TryBeginFrame(out _);
    scene.Draw(cube, Matrix4x4.CreateRotationY(1f), texture);          // x_t as it stands
    renderer.EndFrame();
}

Console.WriteLine($"{runtime.GetProgress(brick).Status}, {renderer.FrameCount} frames, x_t by {texture.Path}");
