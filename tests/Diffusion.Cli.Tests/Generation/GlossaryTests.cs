using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Runtime.Models;
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
    public void TryPrintList_Spacings_NamesAndExplainsEachOnALine() => AssertLines(
        new GenerationSettings { Spacing = "list" }, [.. StepSpacings.Names]);

    [Fact]
    public void TryPrintList_Backends_NamesAndExplainsEachOnALine() => AssertLines(
        new GenerationSettings { Backend = "list" }, ["torch", "onnx", "compute"]);

    [Fact]
    public void Read_NamesInAnotherCase_AreThoseThatAreKnown()
    {
        GenerationSettings read = Read(
            "--solver DPMPP-2M --schedule Cosine --spacing Karras --backend ONNX --precision Full --class LIST");

        Assert.Equal(
            ("dpmpp-2m", "cosine", "karras", "onnx", "full", "list"),
            (read.Solver, read.Schedule, read.Spacing, read.Backend, read.Precision, read.ClassName));
    }

    [Fact]
    public void Read_UnknownNames_AreLeftAsTheyWereTyped()
    {
        GenerationSettings read = Read("--solver Magic --backend Torche --spacing Exponential --class Cheese");

        Assert.Equal(
            ("Magic", "Torche", "Exponential", "Cheese"),
            (read.Solver, read.Backend, read.Spacing, read.ClassName));
    }

    [Theory]
    [InlineData("wood")]
    [InlineData("Wood")]
    [InlineData("WOOD")]
    public void ClassLabel_InAnyCase_IsTheClass(string name)
    {
        ModelFolder folder = LoadedModel.OpenFolder(new GenerationSettings());

        Assert.Equal(
            folder.ClassNames.ToList().IndexOf("wood"), LoadedModel.ClassLabel(folder, name, "--class"));
        Assert.Contains(
            "--class 'Woods' is unknown: it must be one of brick, ",
            Assert.Throws<UserErrorException>(() => LoadedModel.ClassLabel(folder, "Woods", "--class")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TryPrintList_NoListWanted_PrintsNothing()
    {
        using var output = new StringWriter();

        Assert.False(GenerationOptions.TryPrintList(new GenerationSettings(), output));
        Assert.Empty(output.ToString());
    }

    private static GenerationSettings Read(string line)
    {
        var options = new GenerationOptions();
        var command = new RootCommand();
        options.AddTo(command);
        return options.Read(command.Parse(line.Split(' ')));
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
