using System.Text.RegularExpressions;

namespace Diffusion.Runtime.Tests;

/// <summary>Every member and test that docs/survey.md names is in the sources.</summary>
public sealed partial class SurveyTests
{
    [Fact]
    public void Survey_NamedMembersAndTests_Exist()
    {
        string root = ReferencesTests.FindRoot();
        ILookup<string, string> sources = Sources(root, "src");
        ILookup<string, string> tests = Sources(root, "tests");
        List<string> missing = [];
        int found = 0;
        foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(root, "docs", "survey.md"))))
        {
            found++;
            Check(sources, row.Groups[1].Value);
            Check(tests, row.Groups[2].Value);
        }

        Assert.Empty(missing);
        Assert.InRange(found, 25, int.MaxValue);

        // A type stands in files of its name, Foo.cs or Foo.Aspect.cs, and a member in one of them by its name.
        void Check(ILookup<string, string> files, string name)
        {
            string[] parts = name.Split('.');
            Regex member = new($@"\b{Regex.Escape(parts[1])}\b");
            if (!files[parts[0]].Any(path => member.IsMatch(File.ReadAllText(path))))
            {
                missing.Add(name);
            }
        }
    }

    private static ILookup<string, string> Sources(string root, string folder) => Directory
        .GetFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
        .ToLookup(path => Path.GetFileName(path).Split('.')[0]);

    // | equation | `Type.Member` | `Tests.Test` |
    [GeneratedRegex(@"^\|.*\| `(\w+\.\w+)` \| `(\w+\.\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
