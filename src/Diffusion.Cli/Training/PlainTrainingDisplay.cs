using System.Globalization;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>For logs: a line now and then.</summary>
internal sealed class PlainTrainingDisplay(TextWriter output) : ITrainingDisplay
{
    private const int LineEvery = 50;

    private readonly TrainingMeter _meter = new();

    public void Start(Trainer trainer, string folder)
    {
        _meter.Start(trainer);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{trainer.ParameterCount:N0} parameters; from iteration {trainer.Iteration}; {folder}"));
    }

    public void Show(Trainer trainer, TrainingStep step, double? heldOutLoss)
    {
        var line = _meter.Line(trainer, step);
        if (step.Iteration % LineEvery == 0 || heldOutLoss is not null)
        {
            output.WriteLine(heldOutLoss is { } loss
                ? string.Create(CultureInfo.InvariantCulture, $"{line}  held out {loss:F4}")
                : line);
        }
    }
}
