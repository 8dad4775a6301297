using System.Runtime.InteropServices;
using Diffusion.Cli.Data;
using Diffusion.Onnx;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Packaging;

/// <summary>The folder that a game ships.</summary>
/// <param name="rid">The system, as .NET names it.</param>
/// <param name="model">A model folder.</param>
/// <param name="library">A published library, or null to publish it.</param>
/// <param name="hasCpuEngine">Whether ONNX Runtime's library lies beside it, for machines without a usable GPU.</param>
internal sealed class GamePackage(string rid, string model, string? library, bool hasCpuEngine = false)
{
    private const string Header = "include/diffusion.h";
    private const string Notices = "src/Diffusion.Plugin/THIRD-PARTY-NOTICES.txt";
    private const string Project = "src/Diffusion.Plugin/Diffusion.Plugin.csproj";

    /// <summary>What .NET's own code, which the library contains, asks to be told.</summary>
    private const string RuntimeNotices = "DOTNET-NOTICES.txt";

    private static readonly string[] _rids = ["linux-x64", "win-x64"];

    // As the build puts them beside this program.
    private static readonly string[] _cpuEngine =
        [OnnxRuntimeLibrary.FileName, "ONNXRUNTIME-LICENSE.txt", "ONNXRUNTIME-NOTICES.txt"];

    /// <summary>This machine's system.</summary>
    public static string OwnRid => RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win-x64" : "linux-x64";

    /// <summary>Whether a file is there for the CPU engine alone.</summary>
    public static bool IsOfCpuEngine(string name) => _cpuEngine.Contains(name);

    /// <summary>Makes the folder as a whole, or not at all.</summary>
    /// <returns>Its files with their sizes, by name.</returns>
    /// <exception cref="UserErrorException">A rule is broken, or the library cannot be published.</exception>
    /// <exception cref="ModelFormatException">The model cannot be read.</exception>
    public async Task<IReadOnlyList<(string Name, long SizeInBytes)>> WriteAsync(
        string folder, CancellationToken cancellation)
    {
        Check(folder);
        string root = FindCheckout();
        var opened = ModelFolder.Open(model);
        string target = Path.GetFullPath(folder);
        string half = $"{target.TrimEnd(Path.DirectorySeparatorChar)}.tmp-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(half);
            await CopyLibraryAsync(root, half, cancellation);
            Copy(Path.Combine(root, Header), half, Header);
            Copy(Path.Combine(root, "LICENSE"), half, "LICENSE.txt");
            Copy(Path.Combine(root, Notices), half, "THIRD-PARTY-NOTICES.txt");
            foreach (string name in hasCpuEngine ? _cpuEngine : [])
            {
                Copy(Path.Combine(AppContext.BaseDirectory, name), half, name);
            }

            CopyModel(opened, half);
            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            Directory.Move(half, target);
        }
        finally
        {
            if (Directory.Exists(half))
            {
                Directory.Delete(half, recursive: true);
            }
        }

        return
        [
            .. new DirectoryInfo(target).EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(file => (Path.GetRelativePath(target, file.FullName), file.Length))
                .OrderBy(file => file.Item1, StringComparer.Ordinal),
        ];
    }

    private void Check(string folder)
    {
        if (!_rids.Contains(rid))
        {
            throw new UserErrorException($"--rid '{rid}' is none of {string.Join(", ", _rids)}.");
        }

        if (library is null && rid != OwnRid)
        {
            throw new UserErrorException(
                $"--rid '{rid}' cannot be built here, for NativeAOT builds for its own system only ({OwnRid}); "
                + "build it there and name the file with --library.");
        }

        if (hasCpuEngine && rid != OwnRid)
        {
            throw new UserErrorException(
                $"--cpu-engine: ONNX Runtime's library is here for {OwnRid} only; "
                + $"for {rid} take it from the NuGet package Microsoft.ML.OnnxRuntime.");
        }

        if (library is not null && !File.Exists(library))
        {
            throw new UserErrorException($"--library '{library}' is not there.");
        }

        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new UserErrorException($"--out '{folder}' must be new or an empty folder.");
        }
    }

    private async Task CopyLibraryAsync(string root, string target, CancellationToken cancellation)
    {
        string name = rid.StartsWith("win", StringComparison.Ordinal) ? "diffusion.dll" : "libdiffusion.so";
        if (library is not null)
        {
            Copy(library, target, name);
            string notices = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(library))!, RuntimeNotices);
            if (File.Exists(notices))
            {
                Copy(notices, target, RuntimeNotices);
            }

            return;
        }

        string published = Path.Combine(target, "publish");
        await ExternalTool.RunAsync(
            "dotnet",
            [
                "publish", Path.Combine(root, Project), "-c", "Release", "-r", rid, "-o", published, "-v", "quiet",
                "--nologo",
            ],
            root, cancellation);
        Copy(Path.Combine(published, name), target, name);
        Copy(Path.Combine(published, RuntimeNotices), target, RuntimeNotices);
        Directory.Delete(published, recursive: true);
    }

    // The files that a model is made of, and its card for the licence of the weights; no pictures.
    private void CopyModel(ModelFolder opened, string target)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        foreach (string file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories))
        {
            bool isWanted = Path.GetExtension(file) is ".json" or ".md"
                || Path.GetFullPath(file) == Path.GetFullPath(opened.WeightsFile);
            if (isWanted)
            {
                Copy(file, target, Path.Combine("models", name, Path.GetRelativePath(model, file)));
            }
        }
    }

    private static void Copy(string source, string target, string name)
    {
        string file = Path.Combine(target, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(source, file);
    }

    private static string FindCheckout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Project)))
            {
                return folder.FullName;
            }
        }

        throw new UserErrorException(
            $"'{Project}' is in no folder above the program; packages are made in the checkout.");
    }
}
