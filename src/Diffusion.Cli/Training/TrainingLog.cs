using System.Globalization;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>
/// <c>log.csv</c> of a run: one line an iteration; a resumed run drops the lines that it will write again.
/// </summary>
internal sealed class TrainingLog : IDisposable
{
    private const string Header = "iteration,loss,learning_rate,gradient_norm,elapsed_s,held_out_loss";

    private readonly StreamWriter _writer;

    public TrainingLog(string path, long iteration)
    {
        // Not shared: a second run in the folder would write over this one.
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        using (var reader = new StreamReader(stream, leaveOpen: true))
        {
            var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            stream.SetLength(0);
            _writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
            _writer.WriteLine(Header);
            foreach (var line in lines.Skip(1).Where(line => IterationOf(line) <= iteration))
            {
                _writer.WriteLine(line);
            }
        }
    }

    public void Add(TrainingStep step, TimeSpan elapsed, double? heldOutLoss) => _writer.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{step.Iteration},{step.Loss:G6},{step.LearningRate:G6},{step.GradientNorm:G4},"
        + $"{elapsed.TotalSeconds:F1},{heldOutLoss:G6}"));

    public void Dispose() => _writer.Dispose();

    /// <summary>Reads (iteration, loss, held-out loss or NaN) back.</summary>
    public static IReadOnlyList<(long Iteration, double Loss, double HeldOutLoss)> Read(string path) =>
        [.. File.ReadLines(path).Skip(1).Select(line => line.Split(',')).Select(cells => (
            long.Parse(cells[0], CultureInfo.InvariantCulture),
            double.Parse(cells[1], CultureInfo.InvariantCulture),
            cells[5].Length > 0 ? double.Parse(cells[5], CultureInfo.InvariantCulture) : double.NaN))];

    private static long IterationOf(string line) =>
        long.TryParse(line.Split(',')[0], CultureInfo.InvariantCulture, out var iteration) ? iteration : long.MaxValue;
}
