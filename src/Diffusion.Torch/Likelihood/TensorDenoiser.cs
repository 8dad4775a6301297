using Diffusion.Runtime.Schedules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Likelihood;

/// <summary>A denoiser on tensors: a network behind its preconditioning, or a closed form.</summary>
/// <remarks>
/// Called inside the caller's dispose scope, which takes the results; it must not dispose its inputs, and its
/// operations must be differentiable with respect to <paramref name="x"/> where the exact likelihood is asked for.
/// </remarks>
/// <param name="x">x_t = α·x_0 + σ·ε, [N, C, H, W] float32.</param>
/// <param name="level">Its level, α &gt; 0 and σ &gt; 0.</param>
/// <param name="label">[N] int64 class labels, or null.</param>
/// <returns>The clean estimate E[x_0 | x_t] [N, C, H, W], and what the network says of the variance in the same shape,
/// -1 for its least and 1 for its largest value, or null. [Nichol21, Eq. 15]</returns>
public delegate (Tensor Clean, Tensor? Variance) TensorDenoiser(Tensor x, NoiseLevel level, Tensor? label);
