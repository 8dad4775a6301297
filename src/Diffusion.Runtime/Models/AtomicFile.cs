namespace Diffusion.Runtime.Models;

/// <summary>Writes a file whole or not at all.</summary>
internal static class AtomicFile
{
    private const int BufferSizeInBytes = 1 << 16;

    /// <summary>
    /// Writes beside <paramref name="path"/>, flushes to the disk, then renames over it; removes the partial file on
    /// failure.
    /// </summary>
    /// <remarks>Beside it, because a rename is atomic only within one file system.</remarks>
    public static void Write(string path, Action<Stream> write)
    {
        string partial = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(
                partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSizeInBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    /// <summary>Deletes quietly: the failure that led here is the one to report.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
