using Diffusion.Onnx;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>C programs against the published library.</summary>
public sealed class NativeProgramTests
{
    /// <summary>What the programs return where there is no Vulkan device.</summary>
    private const int NoDevice = 77;

    /// <remarks>
    /// The sanitiser watches the host's side. Leaks it cannot tell, since it does not see the managed heap's
    /// references: the programs count what is in use instead, and without the sanitiser what is resident too.
    /// </remarks>
    private static readonly (string Name, string Value) _sanitizer = (
        "ASAN_OPTIONS",
        "detect_leaks=0:handle_segv=0:use_sigaltstack=0:quarantine_size_mb=4:thread_local_quarantine_size_kb=64");

    // Of the random numbers; by hand another one tries other calls.
    private static string Seed => Environment.GetEnvironmentVariable("DIFFUSION_FUZZ_SEED") ?? "1";

    private static string Sources => Path.Combine(Repository.Root, "tests", "Diffusion.Plugin.Tests", "Native");

    [SkippableTheory]
    [InlineData("diffusion-0.1.0.h")]
    [InlineData("diffusion-0.2.0.h")]
    [InlineData("diffusion-0.3.0.h")]
    [InlineData("diffusion-0.4.0.h")]
    [InlineData("diffusion-0.5.0.h")]
    public void OlderHeader_NewerLibrary_GeneratesATexture(string header)
    {
        using var folder = new ScratchFolder();
        string program = Compile(folder, "older_header.c", $"-DOLDER_HEADER=\"{header}\"");
        (int code, string output) = Tool.Run(program, [Repository.Model]);
        Skip.If(code == NoDevice, output);
        Assert.True(code == 0, output);
        Assert.Contains("step 2 of 2", output, StringComparison.Ordinal);
    }

    /// <remarks>20,000 calls from four threads; DIFFUSION_FUZZ_CALLS says how many else, 1,000,000 by hand.</remarks>
    [SkippableTheory]
    [InlineData("-fsanitize=address")]
    [InlineData("-DPLAIN")]
    public void Fuzz_RandomCallsFromFourThreads_NeverCrash(string option)
    {
        using var folder = new ScratchFolder();
        string calls = Environment.GetEnvironmentVariable("DIFFUSION_FUZZ_CALLS") ?? "20000";

        string program = Compile(folder, "fuzz.c", "-g", option, "-pthread");
        (int code, string output) = Tool.Run(program, [Repository.Model, calls, "4", Seed], _sanitizer);
        Skip.If(code == NoDevice, output);
        Assert.True(code == 0, output);
        Assert.Contains("code 0:", output, StringComparison.Ordinal);
        Assert.Contains("code -2:", output, StringComparison.Ordinal);
    }

    /// <remarks>1,000 files of a small model; DIFFUSION_FUZZ_MODELS says how many else, 100,000 by hand.</remarks>
    [SkippableTheory]
    [InlineData("-fsanitize=address")]
    [InlineData("-DPLAIN")]
    public void Fuzz_MutatedModelsFromMemory_NeverCrash(string option)
    {
        using var folder = new ScratchFolder();
        using var model = new TestModelFolder();
        string cases = Environment.GetEnvironmentVariable("DIFFUSION_FUZZ_MODELS") ?? "1000";
        string program = Compile(folder, "fuzz_model.c", "-D_DEFAULT_SOURCE", "-g", option);
        (int code, string output) = Tool.Run(program, [model.Folder.Path, cases, Seed], _sanitizer);
        Skip.If(code == NoDevice, output);
        Assert.True(code == 0, output);
        Assert.Contains("code 0:", output, StringComparison.Ordinal);
        Assert.Contains("code -6:", output, StringComparison.Ordinal);
    }

    /// <remarks>With no driver to be found, Vulkan has no device.</remarks>
    [SkippableFact]
    public void CpuEngine_MachineWithoutVulkan_GeneratesATexture()
    {
        using var folder = new ScratchFolder();
        string program = Compile(folder, "cpu_engine.c");
        string nowhere = folder["nowhere"];

        (int code, string output) = Tool.Run(
            program, [Repository.Model], ("VK_DRIVER_FILES", nowhere), ("VK_ICD_FILENAMES", nowhere));

        Assert.True(code == 0, output);
        Assert.StartsWith("onnx (CPU (", output, StringComparison.Ordinal);
        Assert.Contains("step 2 of 2", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void CpuEngine_LibraryMissing_IsUnsupportedAndNamesIt()
    {
        using var folder = new ScratchFolder();
        string program = Compile(folder, "cpu_engine.c");

        (int code, string output) = Tool.Run(
            program, [Repository.Model], (OnnxRuntimeLibrary.OverrideVariable, folder["nowhere"]));

        Assert.True(code == 3, output);
        Assert.Contains("diffusion_load_model", output, StringComparison.Ordinal);
        Assert.Contains(OnnxRuntimeLibrary.FileName, output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Manual_ExampleInC_Compiles()
    {
        using var folder = new ScratchFolder();
        string manual = File.ReadAllText(Path.Combine(Repository.Root, "docs", "plugin.md"));
        int begin = manual.IndexOf("```c\n", StringComparison.Ordinal) + "```c\n".Length;
        int end = manual.IndexOf("```", begin, StringComparison.Ordinal);
        File.WriteAllText(folder["manual.c"], manual[begin..end]);
        Compile(folder, folder["manual.c"]);
    }

    // A source beside this file, or anywhere by its whole path.
    private static string Compile(ScratchFolder folder, string source, params string[] more)
    {
        string library = Path.GetDirectoryName(Repository.Library)!;
        string compiler = Tool.Require("gcc", "cc", "clang");
        Tool.Succeed(
            compiler,
            [
                "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", .. more,
                $"-I{Path.GetDirectoryName(Repository.Header)}", $"-I{Sources}", Path.Combine(Sources, source),
                "-o", folder["program"], $"-L{library}", "-ldiffusion", $"-Wl,-rpath,{library}",
            ]);
        return folder["program"];
    }
}
