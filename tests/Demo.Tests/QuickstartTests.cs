using System.Globalization;
using System.Text.RegularExpressions;

namespace Diffusion.Demo.Tests;

public sealed class QuickstartTests
{
    [Fact]
    public void Readme_Quickstart_IsTheCompiledText()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "tests/Demo.Tests/Quickstart.cs"));
        string usings = Between(source, "with its usings.\n", "\nnamespace ");
        string body = Between(source, "// <quickstart>\n", "        // </quickstart>");
        string program = string.Join('\n', body.Split('\n').Select(line => line.Length > 8 ? line[8..] : line.TrimStart()));

        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

        Assert.Contains($"```csharp\n{usings}\n{program}```", readme, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Quickstart_OnTheShippedModel_CompletesTheTexture()
    {
        VulkanTests.SkipWithoutDevice();
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            Quickstart.Run([Repository.Model]);
        }
        finally
        {
            Console.SetOut(console);
        }

        Match line = Regex.Match(output.ToString(), @"^Completed in (\d+) frames, x_t by \w+\s*$");
        Assert.True(line.Success, output.ToString());
        Assert.True(int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture) > 1, "more than a frame is needed");
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, StringComparison.Ordinal)];
    }
}
