using ScottPlot;

namespace Diffusion.Cli.Training;

/// <summary>Draws a run's loss over its iterations.</summary>
internal static class LossPlot
{
    private const int WindowSize = 100;

    public static void Write(string logPath, string pngPath, string label)
    {
        var log = TrainingLog.Read(logPath);
        using var plot = new Plot();
        var smoothed = plot.Add.ScatterLine(
            log.Select(row => (double)row.Iteration).ToArray(), Smooth(log.Select(row => row.Loss).ToArray()));
        smoothed.LegendText = $"training, mean of {WindowSize} iterations";
        var heldOut = log.Where(row => !double.IsNaN(row.HeldOutLoss)).ToArray();
        if (heldOut.Length > 0)
        {
            var points = plot.Add.Scatter(
                heldOut.Select(row => (double)row.Iteration).ToArray(), heldOut.Select(row => row.HeldOutLoss).ToArray());
            points.LegendText = "held out, averaged weights";
        }

        plot.XLabel("iteration");
        plot.YLabel(label);
        plot.ShowLegend(Alignment.UpperRight);
        plot.SavePng(pngPath, 900, 450);
    }

    private static double[] Smooth(double[] values)
    {
        var result = new double[values.Length];
        double sum = 0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += values[i] - (i >= WindowSize ? values[i - WindowSize] : 0);
            result[i] = sum / Math.Min(i + 1, WindowSize);
        }

        return result;
    }
}
