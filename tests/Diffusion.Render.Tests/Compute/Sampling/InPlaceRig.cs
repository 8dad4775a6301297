using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>A chain and a renderer on one device.</summary>
internal sealed class InPlaceRig : IDisposable
{
    public const int Width = 16;
    public const int Height = 8;
    public const int Steps = 12;

    private readonly VulkanDevice _device;
    private readonly TestModelFolder _model = new();
    private readonly ComputeBackend _backend;
    private readonly OffscreenTarget _target;
    private readonly FrameRenderer _renderer;

    public InPlaceRig(VulkanDevice device, bool waits)
    {
        _device = device;
        _backend = new ComputeBackend(
            _model.Folder, device,
            new ComputeBackendOptions { WaitsForSlices = waits, SliceTime = TimeSpan.MaxValue });
        Runtime = new DiffusionRuntime(_backend, _model.Folder.Description);
        Handle = Runtime.Submit(new TextureRequest { Width = Width, Height = Height, ClassLabel = 1, Steps = Steps });
        Textures = new SharedTexturePass(device);
        _target = new OffscreenTarget(device, 8, 8);
        _renderer = new FrameRenderer(device, _target, [Textures]);
    }

    public DiffusionRuntime Runtime { get; }

    public TextureHandle Handle { get; }

    public SharedTexturePass Textures { get; }

    public SampleRing Ring => Runtime.GetSamples(Handle);

    public DeviceSamples Samples => (DeviceSamples)Ring.Device!;

    public bool IsRunning => Runtime.GetProgress(Handle).Status is ChainStatus.Running or ChainStatus.Waiting;

    public void Frame()
    {
        if (!_renderer.TryBeginFrame(out _))
        {
            throw new InvalidOperationException("The frame was not begun.");
        }

        _renderer.EndFrame();
    }

    /// <summary>Ticks and draws until a step is handed over.</summary>
    public void RunTo(int step)
    {
        while (Runtime.GetProgress(Handle).Step < step)
        {
            Runtime.Tick(TimeSpan.FromMilliseconds(1));
            Frame();
        }
    }

    /// <summary>Draws once all is done: first what a texture waited for, then what came after it.</summary>
    public void ShowNewest()
    {
        for (int i = 0; i < 3; i++)
        {
            _device.WaitIdle();
            Frame();
        }

        _device.WaitIdle();
    }

    public void Finish()
    {
        while (IsRunning)
        {
            Runtime.Tick(TimeSpan.MaxValue);
        }
    }

    public void Dispose()
    {
        _renderer.Dispose();
        Textures.Dispose();
        _target.Dispose();
        Runtime.Dispose();
        _backend.Dispose();
        _model.Dispose();
    }
}
