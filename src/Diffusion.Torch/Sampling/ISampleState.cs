using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using static TorchSharp.torch;

namespace Diffusion.Torch.Sampling;

/// <summary>A chain's x_t and clean estimates where the network's tensors are: all of a session but the
/// network.</summary>
/// <remarks>The verbs are those of <see cref="HostSampleState"/>, with tensors. One thread at a time.</remarks>
internal interface ISampleState : IDisposable
{
    /// <summary>Where every finished step is published.</summary>
    SampleRing Samples { get; }

    /// <summary>As <see cref="IDenoiserSession.Start"/>.</summary>
    void Start(
        NoiseLevel level, NoiseSource noise, ReadOnlyMemory<float> image, ReadOnlyMemory<float> mask, bool isNoised);

    /// <summary>As <see cref="IDenoiserSession.SetClassMask"/>.</summary>
    void SetClassMask(ReadOnlySpan<float> mask);

    /// <summary>[Karras22, Eq. 7] cIn·x, once per member of the batch: [N, 3, H, W], owned by the state, valid until
    /// the next call.</summary>
    Tensor Input(float scale);

    /// <summary>As <see cref="HostSampleState.CompleteStep"/>.</summary>
    /// <param name="evaluation">Preconditioning, guidance and clamp.</param>
    /// <param name="output">The network's, [N, C', H, W], contiguous, where <see cref="Input"/> is; with learned
    /// variance C' is 6 and the mean comes first.</param>
    /// <param name="step">The solver's coefficients.</param>
    /// <param name="noise">The noise function of the chain.</param>
    /// <param name="stepNumber">Steps finished when this one is, from 1.</param>
    bool CompleteStep(
        in Evaluation evaluation, Tensor output, in LinearStep step, NoiseSource noise, int stepNumber);
}
