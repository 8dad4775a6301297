using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The pipeline cache of a device: in memory always, on disk where a folder was named.</summary>
/// <remarks>A file that cannot be used or written costs a line in the log and the time of compiling, nothing
/// more.</remarks>
internal sealed unsafe class DevicePipelineCache : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly string? _path;
    private readonly OwnedHandles _owned;
    private readonly byte[] _loaded = [];

    public DevicePipelineCache(VulkanDevice device, string? folder, in PhysicalDeviceProperties properties)
    {
        _device = device;
        if (folder is not null)
        {
            _path = PipelineCacheFile.PathOf(folder, properties);
            _loaded = PipelineCacheFile.Read(_path, properties, out string? whyNot);
            if (whyNot is not null)
            {
                device.Log($"The pipeline cache '{_path}' is ignored: {whyNot}.");
            }
        }

        using var made = new Construction(device);
        fixed (byte* data = _loaded)
        {
            var info = new PipelineCacheCreateInfo
            {
                SType = StructureType.PipelineCacheCreateInfo,
                InitialDataSize = (nuint)_loaded.Length,
                PInitialData = data,
            };
            PipelineCache handle;
            device.Api.CreatePipelineCache(device.Handle, &info, device.Allocator, &handle).Check();
            Handle = made.Own(handle, "pipelines");
        }

        _owned = made.Complete();
    }

    public PipelineCache Handle { get; }

    /// <summary>Bytes that came from the disk.</summary>
    public long LoadedBytes => _loaded.Length;

    /// <summary>Saves what was added and destroys the cache; nothing is being compiled.</summary>
    public void Dispose()
    {
        if (_path is not null)
        {
            Save(_path);
        }

        _owned.Close();
    }

    private void Save(string path)
    {
        try
        {
            nuint size = 0;
            _device.Api.GetPipelineCacheData(_device.Handle, Handle, &size, null).Check();
            var data = new byte[size];
            fixed (byte* first = data)
            {
                _device.Api.GetPipelineCacheData(_device.Handle, Handle, &size, first).Check();
            }

            if (size > 0 && !data.AsSpan().SequenceEqual(_loaded))
            {
                PipelineCacheFile.Write(path, data);
            }
        }
        catch (Exception error) when (error is VulkanException or IOException or UnauthorizedAccessException)
        {
            _device.Log($"The pipeline cache '{path}' is not written: {error.Message}");
        }
    }
}
