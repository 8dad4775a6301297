using Diffusion.Torch.Quality;
using Spectre.Console;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>The comparison in the terminal.</summary>
internal static class QualityTable
{
    /// <summary>Prints the marks and a line for each row.</summary>
    public static void Print(QualityResult result, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded).Caption(
            $"{result.Count} textures a class; distances are better near 0; {result.Replicates} resamplings");
        table.AddColumn("textures by");
        string[] costs = ["steps", "evals", "ms", $"frames of {result.BudgetMs} ms", "x most steps"];
        foreach (string head in costs.Concat(QualityCells.ScoreHeads))
        {
            table.AddColumn(new TableColumn(head).RightAligned());
        }

        Mark("held out (ceiling)", result.HeldOut);
        Mark("training pictures", result.Training);
        Mark("another class (floor)", result.AnotherClass);
        Mark("noise (floor)", result.Noise);
        table.AddEmptyRow();
        foreach (RowResult row in result.Rows)
        {
            table.AddRow([
                Markup.Escape($"{row.Row.Model} {row.Row.Solver}"),
                QualityCells.Text(row.Row.Steps, "0"),
                .. QualityCells.Cost(row.Time),
                QualityCells.Range(row.ToMostSteps, "0.00"),
                .. QualityCells.Score(row.Score)]);
        }

        console.Write(table);

        void Mark(string name, QualityScore score) =>
            table.AddRow([name, "", "", "", "", "", .. QualityCells.Score(score)]);
    }
}
