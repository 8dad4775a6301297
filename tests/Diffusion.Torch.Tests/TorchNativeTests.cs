using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Diffusion.Torch.Tests;

public sealed class TorchNativeTests
{
    private const string LibTorchSharp = "libLibTorchSharp.so";

    [Fact]
    public void Load_AfterBuild_RunsATensorOperation()
    {
        TorchNative.Load();
        using torch.Tensor ones = torch.ones(3);
        using torch.Tensor sum = ones.sum();
        Assert.Equal(3f, sum.item<float>());
    }

    [Fact]
    public void LibTorchVersion_NamesTheLibraryThatIsLoaded() =>
        Assert.Equal(TorchNative.LibTorchVersion, Version.Parse(torch.__version__).ToString(fieldCount: 3));

    [Fact]
    public void Load_WithoutAChoiceOfTheUsers_SetsIdleWorkersToSleep() => Assert.True(
        Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null
        || Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is not null);

    [SkippableFact]
    public unsafe void Load_WithoutALevelOfTheUsers_LogsNothingBelowErrors()
    {
        const int Error = 2;
        Skip.IfNot(OperatingSystem.IsLinux(), "the flag is exported on Linux");
        Skip.If(Environment.GetEnvironmentVariable("TORCH_CPP_LOG_LEVEL") is not null, "the user chose a level");
        nint library = NativeLibrary.Load(BuiltFile());

        Assert.Equal(Error, *(int*)NativeLibrary.GetExport(library, "FLAGS_caffe2_log_level"));
    }

    [SkippableFact]
    public void Build_RememberedFolder_HoldsLibTorch()
    {
        string? folder = typeof(TorchNative).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .SingleOrDefault(attribute => attribute.Key == "LibTorchFolder")?.Value;
        Skip.If(folder is null, "a CI build remembers no path");

        Assert.Contains(Directory.GetFiles(folder), path => path.Contains("LibTorchSharp", StringComparison.Ordinal));
    }

    [Fact]
    public void Build_OutputOfThisProject_HoldsNoCopyOfLibTorch()
    {
        string output = AppContext.BaseDirectory;
        Assert.Empty(Directory.EnumerateFiles(output, "*torch_cpu*", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public void Build_LibTorchSharp_DiffersFromThePackageByWeakFlagsAtMost()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the patch is for Linux");
        string package = Path.Combine(PackageFolder(), "runtimes", "linux-x64", "native");
        byte[] original = File.ReadAllBytes(Path.Combine(package, LibTorchSharp));
        byte[] built = File.ReadAllBytes(BuiltFile());
        Assert.Equal(original.Length, built.Length);

        // One version need, in whose flags the bit VER_FLG_WEAK (2) may be set; an up-to-date libstdc++ needs none.
        int[] changed = [.. Enumerable.Range(0, built.Length).Where(i => built[i] != original[i])];
        Assert.InRange(changed.Length, 0, 1);
        Assert.All(changed, i => Assert.Equal((byte)(original[i] | 2), built[i]));
    }

    private static string PackageFolder() => typeof(TorchNativeTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "TorchSharpPackage").Value!;

    private static string BuiltFile()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, "libtorch", TorchNative.Variant, LibTorchSharp);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new FileNotFoundException(LibTorchSharp);
    }
}
