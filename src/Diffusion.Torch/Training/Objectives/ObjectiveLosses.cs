using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>What an objective says of a batch.</summary>
/// <param name="Values">The loss of each dimension, [N, 3, H, W], before the weights of the drawn times.</param>
/// <param name="FinishGradients">
/// To be called after the backward pass with each picture's loss [N]: gradients that are not those of the loss; or
/// null.
/// </param>
internal sealed record ObjectiveLosses(Tensor Values, Action<Tensor>? FinishGradients = null);
