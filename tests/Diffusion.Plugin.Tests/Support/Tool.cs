using System.Diagnostics;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>Runs programs of the machine: compilers, nm, hosts.</summary>
internal static class Tool
{
    /// <summary>Longer than any of them takes on a loaded machine; a hang fails instead of going on for ever.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    /// <summary>The first of the programs that is on the path, or null.</summary>
    public static string? Find(params string[] names)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>The same, or the test is skipped.</summary>
    public static string Require(params string[] names)
    {
        string? path = Find(names);
        Skip.If(path is null, $"{names[0]} is not installed.");
        return path!;
    }

    /// <summary>Runs a program; its exit code and what it wrote.</summary>
    public static (int Code, string Output) Run(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(_patience);
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(ended, $"{program} hangs");
        return (process.ExitCode, output.Result + errors.Result);
    }

    /// <summary>Runs a program that must succeed; what it wrote.</summary>
    public static string Succeed(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        (int code, string output) = Run(program, arguments, variables);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
        return output;
    }
}
