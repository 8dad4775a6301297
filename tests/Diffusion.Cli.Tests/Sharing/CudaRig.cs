using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Sharing;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.Sampling;
using Diffusion.Torch.Tests.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Cli.Tests.Sharing;

/// <summary>A chain of libtorch whose x_t reaches a texture by the calls of the CUDA path.</summary>
/// <remarks>Real are Vulkan, its exported memory and the chain's tensors; a stand-in is the CUDA driver, on tensors of
/// the CPU, and where the device exports none the timeline.</remarks>
internal sealed class CudaRig : IDisposable
{
    public const int Width = 24;
    public const int Height = 16;

    private readonly TorchSampleState _state;
    private readonly NoTarget _target = new();
    private readonly SharedTexturePass _textures;
    private FrameRenderer? _renderer;
    private ReadbackPass? _reader;
    private int _step;

    public CudaRig()
    {
        _ = FakeCuda.Require(Guid.Empty);
        Device = CreateDevice(Log);
        Cuda = FakeCuda.Require(Device.Uuid);
        _textures = new SharedTexturePass(Device);
        _state = new TorchSampleState(
            new SessionOptions { Width = Width, Height = Height, HistoryLength = 1 }, CPU, usesDriver: true);
        _state.Start(NoiseLevel.Clean, new(Seed: 3), default, default, isNoised: true);
    }

    public VulkanDevice Device { get; }

    public FakeCuda Cuda { get; }

    public List<string> Log { get; } = [];

    public SampleRing Ring => _state.Samples;

    public SharedTexture? Texture { get; private set; }

    /// <summary>What the texture showed in the last frame.</summary>
    public byte[] Shown => _reader!.Pixels.ToArray();

    /// <summary>What it has to show, by the definition.</summary>
    public byte[] Expected(bool isDenoised = false)
    {
        ReadOnlySpan<float> planes = isDenoised
            ? Ring.Denoised(Ring.CurrentSlot)
            : Ring.Sample(Ring.CurrentSlot);
        byte[] pixels = new byte[4 * Width * Height];
        for (int i = 0; i < pixels.Length; i++)
        {
            float value = i % 4 == 3 ? 1 : planes[(i % 4 * Width * Height) + (i / 4)];
            pixels[i] = (byte)MathF.Floor((Math.Clamp((value * 0.5f) + 0.5f, 0, 1) * 255) + 0.5f);
        }

        return pixels;
    }

    public SharedTexture Add(SharingPath? path = null)
    {
        Texture = _textures.Add(Ring, "stone", path);
        _reader = new ReadbackPass(Device, Texture);
        _renderer = new FrameRenderer(Device, _target, [_textures, _reader]);
        return Texture;
    }

    /// <summary>A step of the chain whose network's output is chance.</summary>
    public void Step()
    {
        var random = new Random(++_step);
        float[] values = [.. Enumerable.Range(0, 3 * Width * Height).Select(_ => (2 * random.NextSingle()) - 1)];
        using DisposeScope scope = NewDisposeScope();
        LinearStep step = new() { Sample = 0.3, Target = NoiseLevel.Clean };
        step.Denoised[0] = 0.7;
        Tensor output = tensor(values).view(1, 3, Height, Width);
        Assert.True(_state.CompleteStep(
            new(new Preconditioning(0, 1, 1, 0), 0, 1, 1, 1), output, step, new(Seed: 3), _step));
    }

    /// <summary>A frame, and the wait for it.</summary>
    /// <returns>Bytes that the host allocated for it.</returns>
    public long Frame()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        if (!_renderer!.TryBeginFrame(out Frame frame))
        {
            throw new InvalidOperationException("The frame was not begun.");
        }

        _renderer.EndFrame();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Device.Timeline.Wait(frame.Value);
        return allocated;
    }

    private static VulkanDevice CreateDevice(List<string> log)
    {
        string? reason;
        try
        {
            var device = VulkanDevice.Create(new VulkanDeviceOptions
            {
                EnableValidation = true,
                MakeExportedTimeline = static (device, name) => new StandInTimeline(device, name),
                Log = log.Add,
            });
            if (device.ExportReason is null)
            {
                return device;
            }

            reason = device.ExportReason;
            device.Dispose();
        }
        catch (VulkanException error)
        {
            reason = error.Message;
        }

        throw new SkipException(reason);
    }

    public void AssertSilent()
    {
        Device.WaitIdle();
        Assert.True(Device.Validation!.Messages.Count == 0, string.Join('\n', Device.Validation.Messages));
    }

    public void Dispose()
    {
        _renderer?.Dispose();
        _reader?.Dispose();
        _textures.Dispose();
        _target.Dispose();
        _state.Dispose();
        Device.Dispose();
    }
}
