using System.Text;
using System.Text.RegularExpressions;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>What <c>diffusion.h</c> declares, read from its text.</summary>
internal sealed partial class CHeader
{
    public CHeader(string path)
    {
        string text = Comments().Replace(File.ReadAllText(path), "");
        foreach (Match match in Structs().Matches(text))
        {
            string[] fields =
            [
                .. match.Groups[2].Value
                    .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(field => FieldName().Match(field).Groups[1].Value),
            ];
            StructFields.Add(match.Groups[1].Value, fields);
        }

        Constants = [.. Enumerators().Matches(text).Select(match => match.Groups[1].Value)];
        Functions = [.. Prototypes().Matches(text).Select(match => match.Groups[1].Value)];
    }

    public Dictionary<string, string[]> StructFields { get; } = [];

    public IReadOnlyList<string> Constants { get; }

    public IReadOnlyList<string> Functions { get; }

    /// <summary>A program that prints every size, offset and constant.</summary>
    public string CreateLayoutProgram()
    {
        var program = new StringBuilder(
            "#include <stddef.h>\n#include <stdio.h>\n#include \"diffusion.h\"\n\nint main(void)\n{\n");
        foreach ((string name, string[] fields) in StructFields)
        {
            program.Append($"    printf(\"{name} %u\\n\", (unsigned)sizeof({name}));\n");
            foreach (string field in fields)
            {
                program.Append($"    printf(\"{name}.{field} %u\\n\", (unsigned)offsetof({name}, {field}));\n");
            }
        }

        foreach (string constant in Constants)
        {
            program.Append($"    printf(\"{constant} %d\\n\", (int){constant});\n");
        }

        // The macros are part of what hosts compile.
        program.Append(
            "    diffusion_request request;\n    DIFFUSION_INIT(&request);\n"
            + "    return request.struct_size == sizeof request && DIFFUSION_HEADER_VERSION != 0 ? 0 : 1;\n}\n");
        return program.ToString();
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"typedef struct (\w+) \{(.*?)\} \1;", RegexOptions.Singleline)]
    private static partial Regex Structs();

    [GeneratedRegex(@"(\w+)(?:\[\d+\])?$")]
    private static partial Regex FieldName();

    [GeneratedRegex(@"^    (DIFFUSION_\w+) = -?\d+", RegexOptions.Multiline)]
    private static partial Regex Enumerators();

    [GeneratedRegex(@"^(?:DIFFUSION_API \w+ DIFFUSION_CALL )?(diffusion_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Prototypes();
}
