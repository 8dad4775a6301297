using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Diffusion.Demo.Tests;

/// <summary>The NuGet packages: what is in them, and a project outside the repository that lives on them.</summary>
/// <remarks>Packs what the solution's build made. No network: other packages come from the cache that restored the
/// solution.</remarks>
public sealed class PackagesTests(PackagesFixture packages) : IClassFixture<PackagesFixture>
{
    [Theory]
    [InlineData("Runtime", "")]
    [InlineData("Render", "Diffusion.Runtime Silk.NET.Core Silk.NET.Vulkan Microsoft.Extensions.DependencyModel")]
    [InlineData("Onnx", "Diffusion.Runtime Microsoft.ML.OnnxRuntime.Managed")]
    [InlineData("Torch", "Diffusion.Runtime TorchSharp")]
    public void Package_HasAssemblyDocumentsSymbolsAndDependencies(string name, string dependencies)
    {
        using ZipArchive package = packages.Open(name, "nupkg");
        string[] files = [.. package.Entries.Select(entry => entry.FullName)];
        Assert.Contains($"lib/net10.0/Diffusion.{name}.dll", files);
        Assert.Contains("README.md", files);
        Assert.Contains("LICENSE", files);
        Assert.Contains("<member name=", Text(package, $"lib/net10.0/Diffusion.{name}.xml"), StringComparison.Ordinal);
        XElement metadata = XDocument.Parse(Text(package, $"Diffusion.{name}.nuspec")).Root!.Elements().First();
        string Value(string element) => metadata.Elements().Single(e => e.Name.LocalName == element).Value;
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        IEnumerable<string> named = metadata.Descendants().Where(e => e.Name.LocalName == "dependency")
            .Select(e => e.Attribute("id")!.Value);
        Assert.Superset(
            dependencies.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(), named.ToHashSet());
        Assert.DoesNotContain(named, id => id.StartsWith("libtorch", StringComparison.Ordinal));
        using ZipArchive symbols = packages.Open(name, "snupkg");
        Assert.Contains(symbols.Entries, entry => entry.FullName == $"lib/net10.0/Diffusion.{name}.pdb");
    }

    [Fact]
    public void Example_IsTheQuickstartOfTheReadme()
    {
        string program = File.ReadAllText(Path.Combine(PackagesFixture.Example, "Program.cs"));
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.Contains($"```csharp\n{program}```", readme, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Consumer_RestoredFromTheFolder_RunsTheQuickstart()
    {
        string system = OperatingSystem.IsWindows() ? "win" : "linux";
        RunConsumer(
            "Onnx",
            ("Microsoft.ML.OnnxRuntime", "1.31.1"),
            OperatingSystem.IsWindows() ? "onnxruntime.dll" : "libonnxruntime.so");

        // libtorch where TorchNative looks first, and not as the assets of a package lie.
        RunConsumer(
            "Torch",
            ($"libtorch-cpu-{system}-x64", "2.10.0"),
            Path.Combine("libtorch", "cpu", OperatingSystem.IsWindows() ? "torch_cpu.dll" : "libtorch_cpu.so"));
        string[] own = Directory.GetFiles(packages.Cache, "*.nupkg.metadata", SearchOption.AllDirectories);
        Assert.Equal(4, own.Length);
    }

    private void RunConsumer(string backend, (string Name, string Version) native, string library)
    {
        VulkanTests.SkipWithoutDevice();
        string output = packages.BuildConsumer(backend, native);

        // Once, and this system's alone.
        Assert.Equal(
            [Path.Combine(output, library)],
            Directory.GetFiles(output, Path.GetFileName(library), SearchOption.AllDirectories));
        string printed = packages.Run("dotnet", Path.Combine(output, "packages.dll"), Repository.Model);
        Assert.Matches(new Regex(@"^Completed, \d+ frames, x_t by \w+\s*$"), printed);
    }

    private static string Text(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }
}
