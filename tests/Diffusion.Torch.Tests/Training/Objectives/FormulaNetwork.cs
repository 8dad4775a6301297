using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

/// <summary>A network that is a formula of (x, network time [N, 1, 1, 1]).</summary>
internal sealed class FormulaNetwork(Func<Tensor, Tensor, Tensor> formula)
    : nn.Module<Tensor, Tensor, Tensor?, Tensor>(nameof(FormulaNetwork))
{
    public override Tensor forward(Tensor x, Tensor time, Tensor? label) => formula(x, time.view(-1, 1, 1, 1));
}
