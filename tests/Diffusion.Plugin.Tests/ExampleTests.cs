using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>The hosts of <c>examples/</c>, built and run as their comments say, on small canvases.</summary>
public sealed class ExampleTests
{
    private const int Size = 16;

    private static string Examples => Path.Combine(Repository.Root, "examples");

    [SkippableFact]
    public void CVulkan_DrawsTheTextureWithoutAValidationMessage()
    {
        string make = Tool.Require("make");
        Tool.Require("glslangValidator");
        Skip.IfNot(File.Exists("/usr/include/vulkan/vulkan.h"), "Vulkan's headers are not installed.");
        using var folder = new ScratchFolder();
        Tool.Succeed(
            make,
            [
                "-C", Path.Combine(Examples, "c-vulkan"), $"OUT={folder.Path}",
                $"LIBRARY={Path.GetDirectoryName(Repository.Library)}",
            ]);
        string output = Tool.Succeed(
            folder["c-vulkan"],
            [
                Repository.Model, "--frames", "120", "--size", $"{Size}", "--steps", "2", "--budget-ms", "50",
                "--out", folder["last.ppm"],
            ]);
        Assert.Contains("validation messages 0", output, StringComparison.Ordinal);
        Assert.Contains("since warm-up: collections 0, tick bytes 0", output, StringComparison.Ordinal);
        Assert.DoesNotContain("completed 0", output, StringComparison.Ordinal);
        AssertIsPicture(folder["last.ppm"], 256);
    }

    [SkippableFact]
    public void CSharp_GeneratesATexture()
    {
        string program = Path.Combine(
            Repository.Root, "artifacts", "bin", "csharp", Configuration, "diffusion-csharp.dll");
        Skip.IfNot(File.Exists(program), "The example was not built with the tests.");
        using var folder = new ScratchFolder();
        string output = Tool.Succeed(
            "dotnet", [program, Repository.Model, folder["rock.ppm"], $"{Size}", "2"]);
        Assert.Contains("Completed after", output, StringComparison.Ordinal);
        AssertIsPicture(folder["rock.ppm"], Size);
    }

    [SkippableFact]
    public void CSharp_AsANativeProgram_NeedsNoDotnetAndIsSmall()
    {
        const long MostBytes = 20_000_000;
        Skip.IfNot(OperatingSystem.IsLinux(), "The program is published for Linux.");
        Assert.True(File.Exists(Repository.Library));
        using var folder = new ScratchFolder();
        Tool.Succeed(
            "dotnet",
            [
                "publish", Path.Combine(Examples, "csharp"), "-c", "Release", "-r", "linux-x64", "-v", "quiet",
                "--nologo", "-o", folder["loop"],
            ]);
        string program = Path.Combine(folder["loop"], "diffusion-csharp");

        // Without an environment: no PATH to a dotnet, no DOTNET_ROOT.
        string output = Tool.Succeed("env", ["-i", program, Repository.Model, folder["rock.ppm"], $"{Size}", "2"]);

        Assert.Contains("Completed after", output, StringComparison.Ordinal);
        AssertIsPicture(folder["rock.ppm"], Size);
        long bytes = new[] { folder["loop"], Repository.Model }
            .SelectMany(path => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories))
            .Sum(file => file.Length);
        Assert.InRange(bytes, 1, MostBytes);
    }

    [SkippableFact]
    public void Love_ShowsTheFinishedTexture()
    {
        string love = Tool.Require("love");
        using var folder = new ScratchFolder();
        using var display = new VirtualDisplay();
        Tool.Succeed(
            love,
            [
                Path.Combine(Examples, "love"), "--library", Repository.Library, "--header", Repository.Header,
                "--model", Repository.Model, "--size", $"{Size}", "--steps", "2", "--shot", folder["shot.png"],
            ],
            ("DISPLAY", display.Name));
        Assert.True(new FileInfo(folder["shot.png"]).Length > 10_000);
    }

    [SkippableFact]
    public void Godot3_ShowsTheFinishedTexture()
    {
        string godot = Tool.Require("godot3", "godot3-runner");
        string make = Tool.Require("make");
        using var folder = new ScratchFolder();
        using var display = new VirtualDisplay();
        Tool.Succeed(
            make,
            [
                "-C", Path.Combine(Examples, "godot3"), $"OUT={folder.Path}",
                $"LIBRARY={Path.GetDirectoryName(Repository.Library)}",
            ]);

        // A copy, and a home of its own: Godot writes to both.
        string project = folder["project"];
        Directory.CreateDirectory(project);
        foreach (string file in Directory.GetFiles(Path.Combine(Examples, "godot3")))
        {
            File.Copy(file, Path.Combine(project, Path.GetFileName(file)));
        }

        string output = Tool.Succeed(
            godot,
            [
                "--path", project, "--audio-driver", "Dummy", $"--shim={folder["libdiffusion-godot3.so"]}",
                $"--model={Repository.Model}", $"--size={Size}", "--steps=2", $"--shot={folder["shot.png"]}",
            ],
            ("DISPLAY", display.Name), ("HOME", folder.Path));
        Assert.DoesNotContain("SCRIPT ERROR", output, StringComparison.Ordinal);
        Assert.True(new FileInfo(folder["shot.png"]).Length > 10_000, output);
    }

    // The tests and the example are built in the same configuration.
    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Name;

    /// <summary>A binary PPM of the size that is no single colour.</summary>
    private static void AssertIsPicture(string path, int size)
    {
        byte[] bytes = File.ReadAllBytes(path);
        byte[] pixels = bytes[^(3 * size * size)..];
        Assert.Equal((byte)'P', bytes[0]);
        Assert.True(pixels.Distinct().Count() > 20, "the picture is nearly blank");
    }
}
