using Diffusion.Cli.Generation;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Tests.Generation;

public sealed class GlossaryTests
{
    [Fact]
    public void TryPrintList_Solvers_NamesAndExplainsEachOnALine() => AssertLines(
        new GenerationSettings { Solver = "list" }, [.. SolverCatalog.Names, "rk45", "model"]);

    [Fact]
    public void TryPrintList_Schedules_NamesAndExplainsEachOnALine() => AssertLines(
        new GenerationSettings { Schedule = "list" }, [.. NoiseSchedules.Names]);

    [Fact]
    public void TryPrintList_NoListWanted_PrintsNothing()
    {
        using var output = new StringWriter();

        Assert.False(GenerationOptions.TryPrintList(new GenerationSettings(), output));
        Assert.Empty(output.ToString());
    }

    private static void AssertLines(GenerationSettings settings, string[] names)
    {
        using var output = new StringWriter();

        Assert.True(GenerationOptions.TryPrintList(settings, output));

        string[] lines = output.ToString().TrimEnd().Split('\n');
        Assert.Equal(names, lines.Select(line => line.Split(' ')[0]));
        Assert.All(lines, line => Assert.InRange(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length, 2, 20));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 100));
    }
}
