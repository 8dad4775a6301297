using System.Globalization;
using Diffusion.Torch.Training;
using Spectre.Console;

namespace Diffusion.Cli.Training;

/// <summary>For terminals: a progress bar with loss, speed and time left.</summary>
internal sealed class BarTrainingDisplay(ProgressTask task) : ITrainingDisplay
{
    private readonly TrainingMeter _meter = new();

    public void Start(Trainer trainer, string folder)
    {
        _meter.Start(trainer);
        task.Description = string.Create(CultureInfo.InvariantCulture, $"{trainer.ParameterCount:N0} parameters");
    }

    public void Show(Trainer trainer, TrainingStep step, double? heldOutLoss)
    {
        task.Description = _meter.Line(trainer, step);
        task.Value = trainer.Progress;
    }
}
