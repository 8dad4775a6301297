using Diffusion.Cli.Generation;
using Diffusion.Cli.Packaging;
using Diffusion.Onnx;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Tests.Packaging;

/// <summary>With a file that stands for the library: publishing it is the plugin's own tests' business.</summary>
public sealed class GamePackageTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("diffusion-package-").FullName;
    private readonly string _library;

    public GamePackageTests()
    {
        _library = Path.Combine(_scratch, "any.so");
        File.WriteAllText(_library, "not a library");
    }

    private string Target => Path.Combine(_scratch, "game", "diffusion");

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [InlineData("linux-x64", "libdiffusion.so")]
    [InlineData("win-x64", "diffusion.dll")]
    public async Task Write_NewFolder_HasLibraryHeaderModelAndLicences(string rid, string name)
    {
        string model = ModelLocator.Find(null);
        IReadOnlyList<(string Name, long SizeInBytes)> files =
            await new GamePackage(rid, model, _library).WriteAsync(Target, CancellationToken.None);

        string[] names = [.. files.Select(file => file.Name)];
        foreach (string wanted in (string[])[name, "include/diffusion.h", "LICENSE.txt", "THIRD-PARTY-NOTICES.txt"])
        {
            Assert.Contains(wanted, names);
        }

        Assert.DoesNotContain(names, file => file.EndsWith(".png", StringComparison.Ordinal));
        Assert.Equal("not a library", await File.ReadAllTextAsync(Path.Combine(Target, name)));
        Assert.All(files, file => Assert.Equal(new FileInfo(Path.Combine(Target, file.Name)).Length, file.SizeInBytes));
        Assert.Equal(12, ModelFolder.Open(Path.Combine(Target, "models", "textures-64")).ClassNames.Count);
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task Write_CpuEngine_LiesBesideWithItsLicence()
    {
        var package = new GamePackage(GamePackage.OwnRid, ModelLocator.Find(null), _library, hasCpuEngine: true);
        IReadOnlyList<(string Name, long SizeInBytes)> files = await package.WriteAsync(Target, CancellationToken.None);

        (string Name, long SizeInBytes)[] engine = [.. files.Where(file => GamePackage.IsOfCpuEngine(file.Name))];
        Assert.Equal(3, engine.Length);
        Assert.True(engine.Single(file => file.Name == OnnxRuntimeLibrary.FileName).SizeInBytes > 10_000_000);
        string licence = await File.ReadAllTextAsync(Path.Combine(Target, "ONNXRUNTIME-LICENSE.txt"));
        Assert.Contains("MIT", licence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_CpuEngineOfAnotherSystem_IsRefused()
    {
        string other = GamePackage.OwnRid == "linux-x64" ? "win-x64" : "linux-x64";
        var package = new GamePackage(other, ModelLocator.Find(null), _library, hasCpuEngine: true);
        var error = await Assert.ThrowsAsync<UserErrorException>(
            () => package.WriteAsync(Target, CancellationToken.None));
        Assert.Contains("--cpu-engine", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Target)));
    }

    [Theory]
    [InlineData("osx-arm64", "any.so", "--rid")]
    [InlineData("linux-x64", "none.so", "--library")]
    public async Task Write_BadOption_NamesItAndMakesNothing(string rid, string library, string named)
    {
        var package = new GamePackage(rid, ModelLocator.Find(null), Path.Combine(_scratch, library));
        var error = await Assert.ThrowsAsync<UserErrorException>(
            () => package.WriteAsync(Target, CancellationToken.None));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Target)));
    }

    [Fact]
    public async Task Write_FolderInUse_IsLeftAlone()
    {
        var package = new GamePackage("linux-x64", ModelLocator.Find(null), _library);
        var error = await Assert.ThrowsAsync<UserErrorException>(
            () => package.WriteAsync(_scratch, CancellationToken.None));
        Assert.Contains("--out", error.Message, StringComparison.Ordinal);
        Assert.Equal([_library], Directory.EnumerateFileSystemEntries(_scratch));
    }

    [Fact]
    public async Task Write_NoModel_MakesNothing()
    {
        var package = new GamePackage("linux-x64", _scratch, _library);
        await Assert.ThrowsAnyAsync<IOException>(() => package.WriteAsync(Target, CancellationToken.None));
        Assert.False(Directory.Exists(Target));
    }
}
