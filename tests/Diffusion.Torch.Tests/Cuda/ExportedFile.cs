using Diffusion.Runtime.Sharing;

namespace Diffusion.Torch.Tests.Cuda;

/// <summary>Memory and a timeline as Vulkan would export them, in files, so that a test sees what is in
/// them.</summary>
internal sealed class ExportedFile : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ExportedFile(long sizeInBytes)
    {
        File.WriteAllBytes(_folder["memory"], new byte[sizeInBytes]);
        File.WriteAllBytes(_folder["timeline"], new byte[sizeof(ulong)]);
        Target = new ExportedMemory
        {
            Memory = Open("memory"),
            SizeInBytes = sizeInBytes,
            Timeline = Open("timeline"),
        };
    }

    public ExportedMemory Target { get; }

    /// <summary>What the timeline has reached.</summary>
    public ulong Value => BitConverter.ToUInt64(File.ReadAllBytes(_folder["timeline"]));

    /// <summary>Descriptors of this process that name the files.</summary>
    public int OpenDescriptors => Directory.GetFiles("/proc/self/fd").Count(descriptor =>
        new FileInfo(descriptor).LinkTarget?.StartsWith(_folder.Path, StringComparison.Ordinal) == true);

    /// <summary>An image of the memory.</summary>
    public float[] Image(long offset, int length)
    {
        float[] image = new float[length];
        Buffer.BlockCopy(File.ReadAllBytes(_folder["memory"]), (int)offset, image, 0, length * sizeof(float));
        return image;
    }

    /// <summary>What an exporter does when the importer has returned.</summary>
    public void CloseHandles()
    {
        Target.Memory.Dispose();
        Target.Timeline.Dispose();
    }

    public void Dispose()
    {
        CloseHandles();
        _folder.Dispose();
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle Open(string name) =>
        File.OpenHandle(_folder[name], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
}
