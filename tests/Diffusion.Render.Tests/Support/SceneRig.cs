using System.Numerics;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;

namespace Diffusion.Render.Tests.Support;

/// <summary>All passes over an offscreen target.</summary>
internal sealed class SceneRig : IDisposable
{
    private readonly OffscreenTarget _target;

    public SceneRig(VulkanDevice device, int width, int height)
    {
        _target = new OffscreenTarget(device, width, height);
        Textures = new SharedTexturePass(device);
        Scene = new MeshPass(device, _target.Format)
        {
            Camera = Camera.LookAt(new Vector3(2.2f, 1.7f, 3.2f), Vector3.Zero),
        };
        Overlay = new OverlayPass(device, _target.Format);
        Renderer = new FrameRenderer(device, _target, [Textures, Scene, Overlay]);
        Cube = MeshBuilder.Cube(device);
        Sphere = MeshBuilder.Sphere(device);
        Plane = MeshBuilder.Plane(device, 30f);
    }

    public SharedTexturePass Textures { get; }

    public MeshPass Scene { get; }

    public OverlayPass Overlay { get; }

    public FrameRenderer Renderer { get; }

    public Mesh Cube { get; }

    public Mesh Sphere { get; }

    public Mesh Plane { get; }

    public byte[] Render(Action<MeshPass> draw)
    {
        Assert.True(Renderer.TryBeginFrame(out _));
        draw(Scene);
        _target.RequestReadback();
        Renderer.EndFrame();
        var pixels = new byte[_target.SizeInBytes];
        _target.ReadPixels(pixels);
        return pixels;
    }

    public void Dispose()
    {
        Renderer.Dispose();
        Overlay.Dispose();
        Scene.Dispose();
        Textures.Dispose();
        Plane.Dispose();
        Sphere.Dispose();
        Cube.Dispose();
        _target.Dispose();
    }
}
