using System.Text.RegularExpressions;

namespace Diffusion.Runtime.Tests;

/// <summary>Every paper that a comment cites is listed in docs/references.md.</summary>
public sealed partial class ReferencesTests
{
    private static readonly string[] _sourceFolders = ["src", "shaders"];

    [Fact]
    public void Comments_CitedKeys_AreInTheReferences()
    {
        string root = FindRoot();
        string references = File.ReadAllText(Path.Combine(root, "docs", "references.md"));
        HashSet<string> known = [.. TableKey().Matches(references).Select(match => match.Groups[1].Value)];
        List<string> unknown = [];
        int found = 0;
        foreach (string folder in _sourceFolders.Select(name => Path.Combine(root, name)).Where(Directory.Exists))
        {
            string[] files = Directory.GetFiles(folder, "*.*", SearchOption.AllDirectories);
            foreach (string file in files.Where(IsSource))
            {
                foreach (Match match in File.ReadLines(file).SelectMany(line => CitedKey().Matches(Comment(line))))
                {
                    found++;
                    if (!known.Contains(match.Groups[1].Value))
                    {
                        unknown.Add($"{Path.GetFileName(file)}: {match.Groups[1].Value}");
                    }
                }
            }
        }

        Assert.Empty(unknown);
        Assert.InRange(found, 20, int.MaxValue);
    }

    private static string Comment(string line)
    {
        int start = line.IndexOf("//", StringComparison.Ordinal);
        return start < 0 ? string.Empty : line[start..];
    }

    private static bool IsSource(string path) =>
        (path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".comp", StringComparison.Ordinal)
            || path.EndsWith(".glsl", StringComparison.Ordinal) || path.EndsWith(".frag", StringComparison.Ordinal))
        && !path.Contains("/obj/", StringComparison.Ordinal);

    internal static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Diffusion.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException(
            "Diffusion.sln stands in no folder above the tests.");
    }

    // A name and a year of two digits: [Ho20, Eq. 7], [Song21DDIM].
    [GeneratedRegex(@"\[([A-Z][A-Za-z]+\d\d[A-Za-z]*)(?:,[^\]]*)?\]")]
    private static partial Regex CitedKey();

    [GeneratedRegex(@"^\| ([A-Z]\w+) \|", RegexOptions.Multiline)]
    private static partial Regex TableKey();
}
