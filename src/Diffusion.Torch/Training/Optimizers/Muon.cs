using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training.Optimizers;

/// <summary>
/// Momentum whose steps are orthogonalised, for the hidden matrices and kernels of a network; AdamW for everything
/// else. [Jordan24]
/// </summary>
/// <remarks>
/// The momentum is kept as the first moment. The second moments of the parameters it moves stay zero; they are kept and
/// saved all the same, so that a checkpoint has the same entries under either optimizer. One thread.
/// </remarks>
internal sealed class Muon((string Name, Parameter Value)[] parameters, double weightDecay)
    : AdamW(parameters, weightDecay)
{
    private const double Momentum = 0.95;
    private const int Iterations = 5;

    /// <summary>The root mean square of AdamW's updates, which these are given too. [Liu25, Sec. 2.2]</summary>
    private const double AdamUpdateSize = 0.2;

    /// <summary>Steps beyond that, at which the shipped model was trained.</summary>
    private const double RateFactor = 2;

    /// <summary>
    /// Whether Muon moves a parameter: a hidden matrix or kernel, neither at the network's ends nor an embedding.
    /// </summary>
    public static bool Applies(string name, Tensor theta) => theta.dim() >= 2
        && !name.StartsWith("conv_", StringComparison.Ordinal)
        && !name.Contains("embedding", StringComparison.Ordinal);

    /// <summary>
    /// The nearest matrix to <paramref name="update"/> whose singular values are all about 1. [Jordan24]
    /// </summary>
    /// <remarks>
    /// Five iterations leave them within about [0.7, 1.2], which trains as well as exactly 1 and needs no
    /// decomposition; only directions with next to no gradient stay below.
    /// </remarks>
    /// <param name="update">[rows, ...]; what follows the rows is flattened into columns.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Orthogonalize(Tensor update)
    {
        var rows = update.shape[0];
        var x = update.reshape(rows, -1);
        var isTall = rows > x.shape[1];
        if (isTall)
        {
            x = x.t();
        }

        // [Jordan24] X ← X/‖X‖; A = X·Xᵀ; X ← a·X + (b·A + c·A²)·X
        x = x / (x.norm() + 1e-7);
        for (var i = 0; i < Iterations; i++)
        {
            var a = x.mm(x.t());
            var b = (a * -4.7750) + (a.mm(a) * 2.0315);
            x = (x * 3.4445) + b.mm(x);
        }

        return (isTall ? x.t() : x).reshape(update.shape);
    }

    /// <inheritdoc/>
    protected override void Update(
        string name, Tensor theta, Tensor gradient, Tensor m, Tensor v, long step, double learningRate)
    {
        if (!Applies(name, theta))
        {
            base.Update(name, theta, gradient, m, v, step, learningRate);
            return;
        }

        // [Jordan24] Nesterov's momentum: m ← µ·m + (1-µ)·g; u = (1-µ)·g + µ·m
        m.mul_(Momentum).add_(gradient, 1 - Momentum);
        var direction = Orthogonalize(gradient.lerp(m, Momentum));

        // [Liu25, Eq. 4] the root mean square of an update does not depend on the matrix's shape
        var columns = theta.numel() / theta.shape[0];
        var scale = AdamUpdateSize * Math.Sqrt(Math.Max(theta.shape[0], columns));
        theta.add_(direction * scale, -learningRate * RateFactor);
    }
}
