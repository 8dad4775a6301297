namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>What a solver's source file promises its reader.</summary>
public sealed class SolverFileTests
{
    // A screen of code, comments and blank lines aside.
    private const int Screen = 75;

    [Fact]
    public void Sources_EachSolver_FitsAScreenAndCitesItsEquation()
    {
        string folder = Path.Combine(ReferencesTests.FindRoot(), "src", "Diffusion.Runtime", "Solvers");
        string[] files = [.. Directory.GetFiles(folder, "*Solver.cs").Where(file => Path.GetFileName(file) != "Solver.cs")];

        Assert.True(files.Length >= 15, $"{files.Length} solvers");
        foreach (string file in files)
        {
            string[] lines = [.. File.ReadLines(file).Select(line => line.Trim())];
            int code = lines.Count(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)
                && !line.StartsWith("using ", StringComparison.Ordinal));

            Assert.True(code <= Screen, $"{Path.GetFileName(file)} has {code} lines of code; a screen has {Screen}");
            Assert.True(
                lines.Any(line => line.StartsWith("//", StringComparison.Ordinal)
                    && System.Text.RegularExpressions.Regex.IsMatch(line, @"\[[A-Z][A-Za-z]+\d\d\w*")),
                $"{Path.GetFileName(file)} cites no source");
        }
    }
}
