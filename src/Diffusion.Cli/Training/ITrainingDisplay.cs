using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>Where a run shows how it goes.</summary>
internal interface ITrainingDisplay
{
    /// <summary>Called once, before the first iteration.</summary>
    void Start(Trainer trainer, string folder);

    /// <summary>Called after every iteration.</summary>
    void Show(Trainer trainer, TrainingStep step, double? heldOutLoss);
}
