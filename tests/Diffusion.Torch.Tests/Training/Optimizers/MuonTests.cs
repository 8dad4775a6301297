using Diffusion.Torch.Training.Optimizers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Optimizers;

public sealed class MuonTests
{
    // Float32 rounding over five iterations.
    private const double Tolerance = 2e-4;

    [Theory]
    [InlineData(16, 16)]
    [InlineData(16, 64)]
    [InlineData(96, 24)]
    public void Orthogonalize_RandomMatrix_SingularValuesAreNearOne(long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor matrix = TestNetworks.Noise(3, rows, columns);

        Tensor values = linalg.svdvals(Muon.Orthogonalize(matrix));

        // A square random matrix has a singular value near 0, which five iterations lift as far as they can.
        Tensor significant = values[linalg.svdvals(matrix) > 0.02 * linalg.norm(matrix)];
        Assert.InRange(significant.min().item<float>(), 0.6f, 1.3f);
        Assert.InRange(values.max().item<float>(), 0.6f, 1.3f);
    }

    [Fact]
    public void Orthogonalize_Kernel_KeepsItsShapeAndSingularVectors()
    {
        using var scope = NewDisposeScope();
        Tensor kernel = TestNetworks.Noise(4, 8, 4, 3, 3);

        Tensor result = Muon.Orthogonalize(kernel);

        Assert.Equal(kernel.shape, result.shape);
        (Tensor u, _, Tensor vt) = linalg.svd(kernel.reshape(8, 36), fullMatrices: false);
        Tensor inside = u.t().mm(result.reshape(8, 36)).mm(vt.t());
        Assert.InRange((inside - inside.diagonal().diag()).abs().max().item<float>(), 0, Tolerance);
    }

    [Fact]
    public void Step_DiagonalGradient_IsThePolynomialOfItsSingularValues()
    {
        const double Rate = 0.01;
        const double Decay = 0.1;
        double[] gradient = [3, 1, 0.5];
        using var scope = NewDisposeScope();
        using Parameter weight = new(ones(3, 3));
        weight.grad = tensor(gradient.Select(g => (float)g).ToArray()).diag();
        using Muon optimizer = new([("mid_block.weight", weight)], Decay);

        optimizer.Step(1, Rate);

        double norm = Math.Sqrt(gradient.Sum(g => g * g));
        for (int i = 0; i < gradient.Length; i++)
        {
            double s = gradient[i] / norm;
            for (int k = 0; k < 5; k++)
            {
                s = (3.4445 * s) - (4.7750 * s * s * s) + (2.0315 * s * s * s * s * s);
            }

            double expected = 1 - (Rate * Decay) - (Rate * 2 * 0.2 * Math.Sqrt(3) * s);
            Assert.Equal(expected, weight[i, i].item<float>(), Tolerance * Rate);
            Assert.Equal(1 - (Rate * Decay), weight[i, (i + 1) % 3].item<float>(), Tolerance * Rate);
        }
    }

    [Theory]
    [InlineData("conv_in.weight", false)]
    [InlineData("conv_out.weight", false)]
    [InlineData("class_embedding.weight", false)]
    [InlineData("time_embedding.linear_1.weight", false)]
    [InlineData("down_blocks.0.resnets.0.conv1.weight", true)]
    [InlineData("down_blocks.0.resnets.0.time_emb_proj.weight", true)]
    public void Applies_Name_LeavesTheNetworksEndsAndEmbeddingsToAdamW(string name, bool expected)
    {
        using Tensor matrix = ones(2, 2);
        using Tensor vector = ones(2);

        Assert.Equal(expected, Muon.Applies(name, matrix));
        Assert.False(Muon.Applies(name, vector));
    }
}
