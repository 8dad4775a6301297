using System.IO.MemoryMappedFiles;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>A file's bytes in the address space, read when touched.</summary>
internal sealed unsafe class MappedBytes : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;

    /// <summary>Maps a file; an empty one has no bytes.</summary>
    /// <exception cref="IOException">It is not there or cannot be read.</exception>
    public MappedBytes(string path)
    {
        _stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        try
        {
            Length = _stream.Length;
            if (Length == 0)
            {
                return; // which cannot be mapped
            }

            _mapping = MemoryMappedFile.CreateFromFile(
                _stream, null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            Start = start;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public byte* Start { get; private set; }

    public long Length { get; }

    public void Dispose()
    {
        if (Start is not null)
        {
            Start = null;
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        _view?.Dispose();
        _mapping?.Dispose();
        _stream.Dispose();
    }
}
