using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Plugin.Runtimes;

/// <summary>What stands behind a <c>diffusion_runtime</c>: the verbs of the header in C#.</summary>
/// <remarks>One thread at a time, which <see cref="RuntimeTable"/> sees to.</remarks>
internal sealed partial class PluginRuntime : IDisposable
{
    private const int MaxTextures = 4096;

    private static int _count;

    private readonly string _backendName;

    // Null where the network runs on the CPU and the host lends no device.
    private readonly VulkanDevice? _device;
    private readonly HostLog _log;
    private readonly RuntimeOptions _options;
    private readonly HandleTable<PluginTexture> _textures;
    private readonly HandleTable<PluginSurface> _surfaces;
    private readonly List<PluginTexture> _released = [];
    private IDenoiserBackend? _backend;
    private DiffusionRuntime? _runtime;
    private ImagePublisher? _publisher;
    private UNetConfig? _config;
    private int _validationMessages;

    private unsafe PluginRuntime(in NativeCreateInfo info)
    {
        var number = (uint)Interlocked.Increment(ref _count);
        _textures = new(number, 0, "names no texture of this runtime; it was released or never submitted.");
        _surfaces = new(number, 1, "names no surface of this runtime; it was destroyed or never created.");
        _log = new HostLog(info.Log, info.LogUser);
        _options = ReadOptions(info);
        _backendName = BackendFactory.ReadName(Utf8Text.Read(info.Backend, "backend"));
        if (_backendName == BackendFactory.ComputeName || info.Vulkan is not null)
        {
            _device = DeviceFactory.Create(info, _log);
            string owner = _device.IsAdopted ? "the host's" : "own";
            _log.Write(LogLevel.Info, $"Vulkan device: {_device.Info.Name}, {owner}.");
        }
    }

    private DiffusionRuntime Loaded => _runtime ?? throw new PluginException(
        ResultCode.ErrorInvalidState, "No model is loaded; diffusion_load_model comes first.");

    /// <summary>Creates a runtime; see <c>diffusion_create</c>.</summary>
    public static PluginRuntime Create(in NativeCreateInfo info) => new(info);

    /// <summary>Loads a model; see <c>diffusion_load_model</c>.</summary>
    public void LoadModel(in NativeModel model)
    {
        if (_surfaces.Count > 0)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidState, $"{_surfaces.Count} surfaces of the present model are not destroyed.");
        }

        if (_textures.Count > 0)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidState, $"{_textures.Count} textures of the present model are not released.");
        }

        ModelFolder folder = ModelReader.Open(model);
        FreeReleased(isForced: true);

        // The old backend first: two sets of weights need not fit at once. Where the new one fails there is none left.
        _runtime?.Dispose();
        _runtime = null;
        _backend?.Dispose();
        _backend = null;
        FreeRetired();
        IDenoiserBackend backend = _backendName == BackendFactory.OnnxName
            ? BackendFactory.CreateOnnx(folder)
            : BackendFactory.Create(folder, _device!);
        try
        {
            _runtime = new DiffusionRuntime(backend, folder.Description, _options);
            _backend = backend;
            _config = folder.Config;
        }
        finally
        {
            if (_backend is null)
            {
                backend.Dispose();
            }
        }

        foreach (string warning in folder.Warnings)
        {
            _log.Write(LogLevel.Warning, warning);
        }

        _log.Write(LogLevel.Info, $"Model {folder.Path} on {backend.Name}: {backend.Device}.");
        ForwardValidation();
    }

    /// <summary>What the model is; see <c>diffusion_get_model_info</c>.</summary>
    public NativeModelInfo GetModelInfo() => new()
    {
        ClassCount = Loaded.Model.ClassNames.Count,
        Stride = _config!.Stride,
        SampleSize = _config.SampleSize,
        HasGuidance = Loaded.Model.NullLabel >= 0 ? 1u : 0,
    };

    /// <summary>A class's name; see <c>diffusion_get_class_name</c>.</summary>
    public string GetClassName(int label)
    {
        IReadOnlyList<string> names = Loaded.Model.ClassNames;
        return (uint)label < (uint)names.Count
            ? names[label]
            : throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"label must be from 0 to {names.Count - 1}, not {label}.");
    }

    /// <summary>Begins a texture; see <c>diffusion_submit</c>.</summary>
    public ulong Submit(in NativeRequest request)
    {
        DiffusionRuntime runtime = Loaded;
        if (_textures.Count + _released.Count >= MaxTextures)
        {
            throw new PluginException(
                ResultCode.ErrorLimit, $"There are {MaxTextures} textures; release one before the next.");
        }

        // A host that submits and releases without a tick between would pile up what the device was done with long ago.
        CollectRetired();
        TextureHandle handle = runtime.Submit(RequestReader.Read(request, runtime.Model));
        _statistics.TexturesSubmitted++;
        var texture = new PluginTexture(handle);
        texture.Show((DisplayMode)request.Display, RequestReader.ReadFade(request.FadeMs));
        return _textures.Add(texture);
    }

    /// <summary>Turns a texture elsewhere; see <c>diffusion_retarget</c>.</summary>
    public void Retarget(ulong handle, in NativeRequest request)
    {
        PluginTexture texture = FindOwn(handle);
        Loaded.Retarget(texture.Handle, RequestReader.Read(request, Loaded.Model));
        texture.Show((DisplayMode)request.Display, RequestReader.ReadFade(request.FadeMs));
    }

    /// <summary>Stops a texture's work where it stands; see <c>diffusion_pause</c>.</summary>
    public void Pause(ulong handle) => Loaded.Pause(FindOwn(handle).Handle);

    /// <summary>Lets it go on; see <c>diffusion_resume</c>.</summary>
    public void Resume(ulong handle) => Loaded.Resume(FindOwn(handle).Handle);

    /// <summary>Ends a texture's work; see <c>diffusion_cancel</c>.</summary>
    public void Cancel(ulong handle) => Loaded.Cancel(FindOwn(handle).Handle);

    /// <summary>Frees a texture; see <c>diffusion_release</c>.</summary>
    public void Release(ulong handle)
    {
        PluginTexture texture = FindOwn(handle);
        _textures.Remove(handle);
        if (texture.HasReaders)
        {
            // The host's frames still read its images, on a timeline of their own.
            Loaded.Cancel(texture.Handle);
            _released.Add(texture);
        }
        else
        {
            Free(texture);
        }
    }

    /// <summary>How far a texture is; see <c>diffusion_get_progress</c>.</summary>
    public TextureProgress GetProgress(ulong handle)
    {
        PluginTexture texture = _textures.Find(handle);
        TextureProgress progress = Loaded.GetProgress(texture.Handle);
        return progress.Generation < texture.FirstGeneration ? progress with { Generation = 0 } : progress;
    }

    /// <summary>Copies the newest image; see <c>diffusion_read_pixels</c>.</summary>
    public unsafe bool TryReadPixels(ulong handle, ref NativePixels pixels)
    {
        DisplayMode display = RequestReader.ReadDisplay(pixels.Display);
        PluginTexture texture = _textures.Find(handle);
        SampleRing ring = Loaded.GetSamples(texture.Handle);
        if (pixels.Data is null)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, "data is null.");
        }

        ulong rowPitch = pixels.RowPitch == 0 ? 4 * (ulong)ring.Width : pixels.RowPitch;
        ulong needed = (rowPitch * (ulong)(ring.Height - 1)) + (4 * (ulong)ring.Width);
        if (rowPitch < 4 * (ulong)ring.Width || pixels.DataSize < needed || needed > int.MaxValue)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument,
                $"{ring.Width}x{ring.Height} pixels need a row_pitch of at least {4 * ring.Width} and {needed} bytes; "
                + $"row_pitch is {pixels.RowPitch} and data_size {pixels.DataSize}.");
        }

        if (!SamplePixels.TryRead(
            ring, display == DisplayMode.Denoised, Math.Max(pixels.Generation, texture.FirstGeneration - 1),
            new Span<byte>(pixels.Data, (int)needed), (int)rowPitch, out SampleInfo info))
        {
            return false;
        }

        pixels.Generation = info.Generation;
        pixels.Step = info.Step;
        pixels.Alpha = info.NoiseLevel.Alpha;
        pixels.Sigma = info.NoiseLevel.Sigma;
        return true;
    }

    /// <summary>Frees all; see <c>diffusion_destroy</c>.</summary>
    public void Dispose()
    {
        FreeReleased(isForced: true);

        // The images before the rings that their conversions read.
        _publisher?.Dispose();
        _runtime?.Dispose();
        _backend?.Dispose();
        ForwardValidation();
        _device?.Dispose();
    }

    private static RuntimeOptions ReadOptions(in NativeCreateInfo info)
    {
        if ((info.Flags & ~(uint)CreateFlags.Validation) != 0)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"flags has unknown bits: 0x{info.Flags:x}.");
        }

        double quantile = info.CostQuantile == 0 ? new RuntimeOptions().CostQuantile : info.CostQuantile;
        if (!(quantile is > 0 and <= 1))
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"cost_quantile must be above 0 and at most 1, not {quantile}.");
        }

        return new RuntimeOptions
        {
            CostQuantile = quantile,
            Progress = info.ForcedSliceTicks == uint.MaxValue
                ? SliceProgress.Strict
                : SliceProgress.AtLeastOneSlicePerFrames((int)Math.Clamp(info.ForcedSliceTicks, 1, int.MaxValue)),
        };
    }

    private void Free(PluginTexture texture)
    {
        if (texture.Shared is not null)
        {
            _publisher!.Remove(texture.Shared);
        }

        Loaded.Release(texture.Handle);
    }

    private void FreeReleased(bool isForced)
    {
        for (int i = _released.Count - 1; i >= 0; i--)
        {
            PluginTexture texture = _released[i];
            texture.Loans!.Poll();
            if (isForced || !texture.HasReaders)
            {
                _released.RemoveAt(i);
                Free(texture);
            }
        }

        FreeEndedSurfaces(isForced);
    }

    // What was disposed waits for the device and one submission more, which only ticks make: 23 MB of weights for each
    // model loaded before the next tick.
    private void FreeRetired()
    {
        _device?.WaitIdle();
        _device?.Retirement.Flush();
    }

    // Costs an allocation, where validation is on.
    private void ForwardValidation()
    {
        if (_device?.Validation is { } validation)
        {
            IReadOnlyList<string> messages = validation.Messages;
            for (; _validationMessages < messages.Count; _validationMessages++)
            {
                _log.Write(LogLevel.Warning, messages[_validationMessages]);
            }
        }
    }
}
