using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Diffusion.Demo.Tests;

/// <summary>The packages of this build, and a folder outside the repository for a project that uses them.</summary>
public sealed class PackagesFixture : IDisposable
{
    private const string Version = "0.1.0";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);
    private static readonly Regex _nativePackage = new("<PackageReference Include=\"Microsoft.ML.OnnxRuntime\" .*/>");

    private readonly string _root = Directory.CreateTempSubdirectory("diffusion-packages-").FullName;

    /// <summary>Packs the assemblies as they were built with the tests.</summary>
    public PackagesFixture()
    {
        foreach (string name in (string[])["Runtime", "Render", "Torch", "Onnx"])
        {
            Run(
                "dotnet", "pack", Path.Combine(Repository.Root, "src", $"Diffusion.{name}"), "--no-build", "--nologo",
                "-c", new DirectoryInfo(AppContext.BaseDirectory).Name, "-o", Packages);
        }

        LinkForeignPackages();
    }

    /// <summary>The project that uses the packages, as the repository has it.</summary>
    public static string Example => Path.Combine(Repository.Root, "examples", "packages");

    /// <summary>Where the project's restore unpacks what is not in the user's cache.</summary>
    public string Cache => Path.Combine(_root, "cache");

    private string Packages => Path.Combine(_root, "packages");

    // The user's cache but for our own packages, of which it may have older builds under the same version.
    private string Foreign => Path.Combine(_root, "foreign");

    /// <summary>Opens a package, or its symbols.</summary>
    public ZipArchive Open(string name, string extension) =>
        ZipFile.OpenRead(Path.Combine(Packages, $"Diffusion.{name}.{Version}.{extension}"));

    /// <summary>Restores and builds the project in a folder of its own; where its output is.</summary>
    /// <param name="backend">The package of the backend.</param>
    /// <param name="native">The package of its native library, with a version.</param>
    public string BuildConsumer(string backend, (string Name, string Version) native)
    {
        string project = Path.Combine(_root, $"consumer-{backend}");
        Directory.CreateDirectory(project);
        foreach (string name in (string[])["packages.csproj", "Program.cs"])
        {
            string text = File.ReadAllText(Path.Combine(Example, name))
                .Replace("Diffusion.Onnx", $"Diffusion.{backend}", StringComparison.Ordinal)
                .Replace("new OnnxBackend", $"new {backend}Backend", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(project, name), _nativePackage.Replace(
                text, $"<PackageReference Include=\"{native.Name}\" Version=\"{native.Version}\" />"));
        }

        File.WriteAllText(
            Path.Combine(project, "nuget.config"),
            $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packages" value="{Packages}" />
              </packageSources>
              <fallbackPackageFolders>
                <add key="cache" value="{Foreign}" />
              </fallbackPackageFolders>
            </configuration>
            """);
        Run("dotnet", "build", project, "-c", "Release", "--nologo", "-v", "quiet");
        return Path.GetDirectoryName(
            Assert.Single(Directory.GetFiles(Path.Combine(project, "bin"), "packages.dll", SearchOption.AllDirectories)))!;
    }

    /// <summary>Runs a program that must succeed; what it wrote to its standard output.</summary>
    internal string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _root,
        };
        start.Environment["NUGET_PACKAGES"] = Cache;
        start.Environment["DIFFUSION_LIBTORCH"] = "";

        // Nothing is to stay behind: no build node, no compiler server.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(_patience);
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(
            ended && process.ExitCode == 0,
            $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output.Result}{errors.Result}");
        return output.Result;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void LinkForeignPackages()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(home, ".nuget", "packages");
        Directory.CreateDirectory(Foreign);
        foreach (string package in Directory.GetDirectories(cache))
        {
            string id = Path.GetFileName(package);
            if (!id.StartsWith("diffusion.", StringComparison.Ordinal))
            {
                Directory.CreateSymbolicLink(Path.Combine(Foreign, id), package);
            }
        }
    }
}
