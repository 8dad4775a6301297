using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>
/// γ(t) = -ln SNR as a learned curve that rises: linear in each of equally wide pieces. [Kingma21, App. H]
/// </summary>
/// <remarks>
/// The paper's monotone network has 1024 hidden units; pieces whose shares of the rise are a softmax are monotone by
/// construction too, and their slope, which the loss needs, is there without differentiating. Owns its parameters.
/// </remarks>
internal sealed class GammaCurve
{
    private const int PieceCount = 32;

    private readonly Parameter _start;
    private readonly Parameter _logRange;
    private readonly Parameter _shares;

    /// <summary>Makes a straight line.</summary>
    public GammaCurve(double start, double end, Device device)
    {
        _start = NewParameter((float)start, 1, device);
        _logRange = NewParameter((float)Math.Log(end - start), 1, device);
        _shares = NewParameter(0, PieceCount, device);
    }

    /// <summary>By name, for the optimizer and checkpoints.</summary>
    public (string Name, Parameter Value)[] Parameters =>
        [("gamma.start", _start), ("gamma.log_range", _logRange), ("gamma.shares", _shares)];

    /// <summary>γ(0) and γ(1), [1] each, with their gradients.</summary>
    public (Tensor Start, Tensor End) Ends => (_start.alias(), _start + _logRange.exp());

    /// <summary>γ and dγ/dt.</summary>
    /// <param name="times">[N] in [0, 1), without gradient.</param>
    /// <param name="learnsEnds">Whether gradients reach the curve's ends.</param>
    /// <param name="learnsShape">Whether they reach its shape between them.</param>
    /// <returns>[N] each, attached to the caller's dispose scope.</returns>
    public (Tensor Gamma, Tensor Slope) At(Tensor times, bool learnsEnds, bool learnsShape)
    {
        var start = learnsEnds ? _start.alias() : _start.detach();
        var range = (learnsEnds ? _logRange.alias() : _logRange.detach()).exp();
        var shares = (learnsShape ? _shares.alias() : _shares.detach()).softmax(0);
        var position = times * PieceCount;
        var piece = position.to_type(ScalarType.Int64).clamp(0, PieceCount - 1);
        var share = shares.index_select(0, piece);
        var below = (shares.cumsum(0) - shares).index_select(0, piece);
        var risen = below + (share * (position - piece));
        return (start + (range * risen), range * share * PieceCount);
    }

    private static Parameter NewParameter(float value, int count, Device device)
    {
        var parameter = new Parameter(full([count], value, device: device));
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
