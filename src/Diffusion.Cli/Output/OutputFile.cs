using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Output;

/// <summary>Writes a file whole or not at all.</summary>
internal static class OutputFile
{
    private static readonly string[] _deviceFolders = ["/dev/", "/proc/", "/sys/"];

    /// <summary>Fails before any work is done when a file could not be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it.</param>
    /// <exception cref="UserErrorException">It is a folder, a device or the like, or its folder cannot be
    /// written.</exception>
    public static void RequireWritable(string path, string option)
    {
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(path))
        {
            throw new UserErrorException($"{option} '{path}' is a folder; name a file.");
        }

        string target = TargetOf(path);
        if (IsDevice(target))
        {
            throw new UserErrorException($"{option} '{path}' is a device or a pipe; name a file.");
        }

        RequireWritableFolder(Path.GetDirectoryName(target)!, option);
    }

    /// <summary>
    /// Writes beside <paramref name="path"/> and moves into place, so that an error or a kill leaves no half-written
    /// file.
    /// </summary>
    /// <param name="path">Where the file shall stand; its folder is created, and a link is followed.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="UserErrorException">The folder or file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string target = TargetOf(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            AtomicFile.Write(target, write);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"cannot write '{path}': {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Fails before any work is done when <paramref name="folder"/> cannot be created or written; creates nothing.
    /// </summary>
    /// <param name="folder">The folder, which need not exist.</param>
    /// <param name="option">The option that named it.</param>
    /// <exception cref="UserErrorException">It, or what it would be made in, is a file or cannot be
    /// written.</exception>
    public static void RequireWritableFolder(string folder, string option = "--out")
    {
        string existing = Path.GetFullPath(folder);
        while (!Path.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }

        if (File.Exists(existing))
        {
            throw new UserErrorException($"{option}: '{existing}' is a file; it must be a folder.");
        }

        string probe = Path.Combine(existing, $".write-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string reason = exception.Message.Replace(probe, existing, StringComparison.Ordinal);
            throw new UserErrorException($"{option}: the folder '{existing}' cannot be written: {reason}", exception);
        }
    }

    /// <summary>
    /// A text as part of a file name: what no file system takes, or what would lead elsewhere, becomes '_'.
    /// </summary>
    public static string SafeName(string text)
    {
        char[] name =
        [
            .. text.Select(
                c => char.IsControl(c) || "/\\:*?\"<>|".Contains(c, StringComparison.Ordinal) ? '_' : c),
        ];
        return name.All(c => c == '.') ? "_" : new string(name);
    }

    private static string TargetOf(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null
            ? full
            : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }

    // .NET does not tell devices from files: they lie in these folders, and elsewhere what cannot seek is a pipe or so.
    private static bool IsDevice(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return false;
        }

        if (_deviceFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))
        {
            return true;
        }

        try
        {
            // Both ways, as opening a pipe one way waits for its other end.
            using var stream = new FileStream(
                path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return !stream.CanSeek;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
