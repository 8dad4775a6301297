using System.Globalization;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>Smoothed loss, speed and time left, as one line.</summary>
internal sealed class TrainingMeter
{
    private const double Smoothing = 0.98;

    private double _loss;
    private double _weight;
    private TimeSpan _firstElapsed;
    private double _firstProgress;
    private long _firstIteration;

    public void Start(Trainer trainer) =>
        (_firstElapsed, _firstProgress, _firstIteration) = (trainer.Elapsed, trainer.Progress, trainer.Iteration);

    public string Line(Trainer trainer, TrainingStep step)
    {
        // An average that starts empty and is divided by its weight: unbiased from the first iteration on.
        _loss = (Smoothing * _loss) + ((1 - Smoothing) * step.Loss);
        _weight = (Smoothing * _weight) + (1 - Smoothing);
        var spent = trainer.Elapsed - _firstElapsed;
        var speed = (step.Iteration - _firstIteration) / Math.Max(spent.TotalSeconds, double.Epsilon);
        var left = spent * ((1 - trainer.Progress) / Math.Max(trainer.Progress - _firstProgress, 1e-9));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"iteration {step.Iteration}  loss {_loss / _weight:F4}  {speed:F2} it/s  "
            + $"left {Math.Min(left.TotalDays, 99):F0}d {left:hh\\:mm\\:ss}")
            .Replace(" 0d", string.Empty, StringComparison.Ordinal);
    }
}
