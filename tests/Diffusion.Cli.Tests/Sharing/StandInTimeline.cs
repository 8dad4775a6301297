using System.IO.MemoryMappedFiles;
using Diffusion.Render.Devices;
using Microsoft.Win32.SafeHandles;
using Silk.NET.Vulkan;

namespace Diffusion.Cli.Tests.Sharing;

/// <summary>A timeline that the stand-in for CUDA signals through a file: llvmpipe exports no semaphores.</summary>
internal sealed unsafe class StandInTimeline : ExportedTimeline
{
    private readonly string _path = System.IO.Path.GetTempFileName();
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly ulong* _value;
    private ulong _signalled;

    public StandInTimeline(VulkanDevice device, string name)
        : base(device, name, isExported: false)
    {
        File.WriteAllBytes(_path, new byte[sizeof(ulong)]);
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        byte* first = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref first);
        _value = (ulong*)first;
    }

    public override ulong Completed
    {
        get
        {
            ulong value = Volatile.Read(ref *_value);
            if (value > _signalled)
            {
                var signal = new SemaphoreSignalInfo
                {
                    SType = StructureType.SemaphoreSignalInfo,
                    Semaphore = Semaphore,
                    Value = value,
                };
                Device.Api.SignalSemaphore(Device.Handle, &signal).Check();
                _signalled = value;
            }

            return base.Completed;
        }
    }

    public override SafeFileHandle Export()
        => File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    public override void Dispose()
    {
        base.Dispose();
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
