using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>C programs against the published library.</summary>
public sealed class NativeProgramTests
{
    /// <summary>What the programs return where there is no Vulkan device.</summary>
    private const int NoDevice = 77;

    private static string Sources => Path.Combine(Repository.Root, "tests", "Diffusion.Plugin.Tests", "Native");

    [SkippableFact]
    public void FirstHeader_NewerLibrary_GeneratesATexture()
    {
        using var folder = new ScratchFolder();
        string program = Compile(folder, "first_header.c");
        (int code, string output) = Tool.Run(program, [Repository.Model]);
        Skip.If(code == NoDevice, output);
        Assert.True(code == 0, output);
        Assert.Contains("step 2 of 2", output, StringComparison.Ordinal);
    }

    /// <remarks>20,000 calls from four threads; DIFFUSION_FUZZ_CALLS says how many else, 1,000,000 by hand.</remarks>
    [SkippableFact]
    public void Fuzz_RandomCallsFromFourThreads_NeverCrash()
    {
        using var folder = new ScratchFolder();
        string calls = Environment.GetEnvironmentVariable("DIFFUSION_FUZZ_CALLS") ?? "20000";

        // The sanitiser watches the host's side. Leaks are not its business: the library's managed memory is the
        // process's.
        string program = Compile(folder, "fuzz.c", "-g", "-fsanitize=address", "-pthread");
        string output = Tool.Succeed(
            program, [Repository.Model, calls, "4", "1"],
            ("ASAN_OPTIONS", "detect_leaks=0:handle_segv=0:use_sigaltstack=0"));
        Assert.Contains("code 0:", output, StringComparison.Ordinal);
        Assert.Contains("code -2:", output, StringComparison.Ordinal);
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
