#pragma warning disable SA1200, IDE0065 // The README shows this file as a program, with its usings.
using Diffusion.Render.Sharing;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Torch;

namespace Diffusion.Demo.Tests;

/// <summary>The README's quickstart, compiled and run; <see cref="QuickstartTests"/> compares the text.</summary>
internal static class Quickstart
{
    public static void Run(string modelPath, SharedTexturePass textures, Action<SharedTexture> drawFrame)
    {
        // <quickstart>
        ModelFolder model = ModelFolder.Open(modelPath);                       // "models/textures-64"
        using var backend = new TorchBackend(model);
        using var runtime = new DiffusionRuntime(backend, model.Description);

        TextureHandle brick = runtime.Submit(new TextureRequest
        {
            Width = 64,
            Height = 64,
            ClassName = "brick",
            Seed = 7,
            Steps = 20,
        });
        using SharedTexture texture = textures.Add(runtime.GetSamples(brick), "brick");

        while (runtime.GetProgress(brick).Status == ChainStatus.Running)       // your frame loop
        {
            runtime.Tick(TimeSpan.FromMilliseconds(8));                        // never begins what will not fit
            drawFrame(texture);                                                // sample texture.TryGetLatest(...)
        }
        // </quickstart>
    }
}
