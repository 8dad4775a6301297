namespace Diffusion.Cli.Output;

/// <summary>Writes a file whole or not at all.</summary>
internal static class OutputFile
{
    /// <summary>Writes beside <paramref name="path"/> and moves into place, so that an error or a kill leaves no half-written file.</summary>
    /// <param name="path">Where the file shall stand; its folder is created.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="UserErrorException">The folder or file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = full + ".partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = File.Create(temporary))
            {
                write(stream);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"cannot write '{path}': {exception.Message}", exception);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Fails before any work is done when <paramref name="folder"/> cannot be created or written.</summary>
    public static void RequireWritableFolder(string folder)
    {
        string probe = Path.Combine(folder, $".write-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"cannot write to the folder '{folder}': {exception.Message}", exception);
        }
    }
}
