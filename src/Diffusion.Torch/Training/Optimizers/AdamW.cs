using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay, its moments in the open so that a checkpoint holds them by name.
/// </summary>
/// <remarks>
/// Written out instead of TorchSharp's optimizer, whose state can be saved but neither named nor read as safetensors.
/// Weight decay leaves vectors (biases, normalisation) alone. Owns its moments. One thread. [Kingma15, Alg. 1]
/// [Loshchilov19, Alg. 2]
/// </remarks>
internal class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly (string Name, Parameter Value)[] _parameters;
    private readonly double _weightDecay;

    public AdamW((string Name, Parameter Value)[] parameters, double weightDecay)
    {
        _parameters = parameters;
        _weightDecay = weightDecay;
        FirstMoments = ZerosLike(parameters);
        SecondMoments = ZerosLike(parameters);
    }

    public (string Name, Tensor Value)[] FirstMoments { get; }

    public (string Name, Tensor Value)[] SecondMoments { get; }

    public static AdamW Create(
        OptimizerKind kind, (string Name, Parameter Value)[] parameters, double weightDecay) => kind switch
        {
            OptimizerKind.AdamW => new AdamW(parameters, weightDecay),
            OptimizerKind.Muon => new Muon(parameters, weightDecay),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown optimizer."),
        };

    /// <summary>Takes one step down the gradients that are there.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="learningRate">The rate of this step.</param>
    public void Step(long step, double learningRate)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        for (var i = 0; i < _parameters.Length; i++)
        {
            var (name, theta) = _parameters[i];
            if (theta.grad is not { } gradient)
            {
                continue;
            }

            if (theta.dim() > 1)
            {
                // [Loshchilov19, Alg. 2] θ ← θ - η·λ·θ
                theta.mul_(1 - (learningRate * _weightDecay));
            }

            Update(name, theta, gradient, FirstMoments[i].Value, SecondMoments[i].Value, step, learningRate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in FirstMoments.Concat(SecondMoments))
        {
            value.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Changes one parameter and its moments, after weight decay.</summary>
    protected virtual void Update(
        string name, Tensor theta, Tensor gradient, Tensor m, Tensor v, long step, double learningRate)
    {
        // [Kingma15, Alg. 1] m ← β1·m + (1-β1)·g; v ← β2·v + (1-β2)·g²; θ ← θ - η·m̂ / (√v̂ + ε)
        m.mul_(Beta1).add_(gradient, 1 - Beta1);
        v.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        var denominator = v.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, step))).add_(Epsilon);
        theta.addcdiv_(m, denominator, -learningRate / (1 - Math.Pow(Beta1, step)));
    }

    private static (string, Tensor)[] ZerosLike((string Name, Parameter Value)[] parameters) =>
        [.. parameters.Select(p => (p.Name, zeros_like(p.Value, requires_grad: false).DetachFromDisposeScope()))];
}
