using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Surfaces;

namespace Diffusion.Plugin.Tests;

/// <summary>The header as compilers see it against the structs and enumerations of C#.</summary>
public sealed partial class AbiTests
{
    private static readonly CHeader _header = new(Repository.Header);

    public static TheoryData<string, string> Compilers => new()
    {
        { "gcc", "c99" }, { "gcc", "c11" }, { "g++", "c++20" },
        { "clang", "c99" }, { "clang", "c11" }, { "clang++", "c++20" },
    };

    [SkippableTheory]
    [MemberData(nameof(Compilers))]
    public void Header_Compiled_HasTheLayoutOfTheLibrary(string compiler, string standard)
    {
        string program = Tool.Require(compiler, $"{compiler}-14", $"{compiler}-16", $"{compiler}-18", $"{compiler}-19");
        using var folder = new ScratchFolder();
        File.WriteAllText(folder["layout.c"], _header.CreateLayoutProgram());
        Tool.Succeed(
            program,
            [
                "-x", standard.StartsWith("c++", StringComparison.Ordinal) ? "c++" : "c", $"-std={standard}",
                "-Wall", "-Wextra", "-Werror", "-pedantic", $"-I{Path.GetDirectoryName(Repository.Header)}",
                folder["layout.c"], "-o", folder["layout"],
            ]);
        string[] printed = Tool.Succeed(folder["layout"], []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Expected(), printed);
    }

    [Fact]
    public void Structs_OfTheLibrary_AreAllInTheHeader()
    {
        IEnumerable<string> ours = typeof(NativeRequest).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(NativeRequest).Namespace)
            .Where(type => type.Name.StartsWith("Native", StringComparison.Ordinal))
            .Select(type => "diffusion" + SnakeCase(type.Name["Native".Length..]));
        Assert.Equal(_header.StructFields.Keys.Order(), ours.Order());
    }

    [Fact]
    public void Structs_Sizes_AreWholeUnits() => Assert.All(
        Expected().Where(line => line.StartsWith("diffusion_", StringComparison.Ordinal) && !line.Contains('.')),
        line => Assert.Equal(0, int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) % 8));

    [SkippableFact]
    public void Library_Exports_AreTheHeadersFunctionsAndNothingElse()
    {
        string nm = Tool.Require("nm");
        string[] lines = Tool.Succeed(nm, ["-D", "--defined-only", Repository.Library])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(@"^[0-9a-f]+ T diffusion_\w+$", line));
        Assert.Equal(_header.Functions.Order(), lines.Select(line => line.Split(' ')[2]).Order());
    }

    private static IEnumerable<string> Expected()
    {
        foreach ((string name, string[] fields) in _header.StructFields)
        {
            string ours = $"{typeof(NativeRequest).Namespace}.Native{PascalCase(name["diffusion_".Length..])}";
            Type type = typeof(NativeRequest).Assembly.GetType(ours, throwOnError: true)!;
            yield return $"{name} {Marshal.SizeOf(type)}";
            foreach (string field in fields)
            {
                yield return $"{name}.{field} {Marshal.OffsetOf(type, PascalCase(field))}";
            }
        }

        foreach (string constant in _header.Constants)
        {
            yield return $"{constant} {ValueOf(constant["DIFFUSION_".Length..])}";
        }
    }

    private static int ValueOf(string constant)
    {
        (string Prefix, Type Type)[] groups =
        [
            ("LOG_", typeof(LogLevel)), ("CREATE_", typeof(CreateFlags)), ("REQUEST_", typeof(RequestFlags)),
            ("DISPLAY_", typeof(DisplayMode)), ("SHARING_", typeof(SharingKind)), ("STATUS_", typeof(ChainStatus)),
            ("STOP_", typeof(TickStop)), ("TILE_", typeof(SurfaceTileStatus)), ("", typeof(ResultCode)),
        ];
        (string prefix, Type type) = groups.First(group => constant.StartsWith(group.Prefix, StringComparison.Ordinal));
        string name = PascalCase(constant[prefix.Length..]);

        // C# has it for readers only, from before devices ran beside the host.
        name = constant == "STOP_WAITING" ? nameof(TickStop.WaitingForReaders) : name;
        return unchecked((int)Convert.ToInt64(
            Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture));
    }

    private static string PascalCase(string name) => string.Concat(
        name.ToLowerInvariant().Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string SnakeCase(string name) =>
        CapitalLetter().Replace(name, match => "_" + match.Value.ToLowerInvariant());

    [GeneratedRegex("[A-Z]")]
    private static partial Regex CapitalLetter();
}
