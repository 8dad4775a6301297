using Diffusion.Runtime.Denoising;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>x_t = α·x_0 + σ·ε, what a network is shown of it and what it should answer.</summary>
/// <remarks>Its tensors are attached to the caller's dispose scope.</remarks>
internal sealed class NoisyBatch
{
    private readonly PredictionType _prediction;
    private readonly Tensor _cSkip;
    private readonly Tensor _cOut;

    /// <summary>Adds noise to a batch, one level a picture.</summary>
    public NoisyBatch(ObjectiveBatch batch, TrainingLevel[] levels, PredictionType prediction)
    {
        _prediction = prediction;
        Clean = batch.Clean;
        Alpha = batch.PerPicture(levels, level => level.Level.Alpha);
        Sigma = batch.PerPicture(levels, level => level.Level.Sigma);
        Epsilon = batch.DrawNoise();

        // [Ho20, Eq. 4]
        X = (Alpha * Clean) + (Sigma * Epsilon);
        var scalars = Array.ConvertAll(
            levels, level => Preconditioning.For(prediction, level.Level, level.NetworkTime));
        _cSkip = batch.PerPicture(scalars, s => s.CSkip);
        _cOut = batch.PerPicture(scalars, s => s.COut);
        Input = prediction == PredictionType.Edm ? batch.PerPicture(scalars, s => s.CIn) * X : X;
        Times = tensor(Array.ConvertAll(levels, level => (float)level.NetworkTime)).to(batch.Device);
    }

    public Tensor Clean { get; }

    public Tensor Alpha { get; }

    public Tensor Sigma { get; }

    public Tensor Epsilon { get; }

    /// <summary>x_t.</summary>
    public Tensor X { get; }

    /// <summary>x_t as the network sees it.</summary>
    public Tensor Input { get; }

    /// <summary>[N], the network's timestep input.</summary>
    public Tensor Times { get; }

    /// <summary>What the network should answer.</summary>
    public Tensor Target() => _prediction switch
    {
        PredictionType.Epsilon => Epsilon,
        PredictionType.Sample => Clean,
        PredictionType.VPrediction => (Alpha * Epsilon) - (Sigma * Clean), // [Salimans22, Sec. 4]
        PredictionType.Score => -Epsilon / Sigma, // [Vincent11]
        PredictionType.Edm => (Clean - (_cSkip * X)) / _cOut, // [Karras22, Eq. 8]
        _ => throw new InvalidOperationException($"The prediction '{_prediction}' is unknown."),
    };

    /// <summary>The clean image that an answer stands for. [Karras22, Eq. 7]</summary>
    public Tensor CleanOf(Tensor output) => (_cSkip * X) + (_cOut * output);
}
