using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.Sampling;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Sampling;

/// <summary>A session as on CUDA, with the CPU in its place, against the one of the CPU.</summary>
public sealed class TorchSampleSessionTests
{
    /// <summary>Three evaluations of a random network magnify the roundings of the steps between them.</summary>
    private const float Rounding = 1e-4f;

    [Fact]
    public void Chain_SampleBesideTheNetwork_IsThatOfTheHostAndLeavesNoTensor()
    {
        using UNet2DModel network = TestNetworks.Create(TestNetworks.Textures);
        using var backend = new TorchBackend(network, nullLabel: 4);
        var options = new SessionOptions { Width = 24, Height = 16, Guided = true };
        float[] expected = Run(backend.CreateSession(options));
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        float[] actual = Run(
            new TorchSession(backend, options, new TorchSampleState(options, CPU, usesDriver: false)));

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        float tolerance = Rounding * expected.Max(MathF.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private static float[] Run(IDenoiserSession session)
    {
        using (session)
        {
            session.Start(new NoiseLevel(500, 0.6, 0.8), new(Seed: 11));
            Evaluation evaluation = new(new Preconditioning(0, 1, 0.5, 321), 2, 4, 2, float.PositiveInfinity);
            for (int number = 1; number <= 3; number++)
            {
                // The second step without guidance.
                Evaluation now = evaluation with { GuidanceScale = number == 2 ? 1 : evaluation.GuidanceScale };
                session.BeginEvaluation(now);
                SliceRange slices = session.SlicesOf(now.IsGuided);
                for (int i = slices.First; i < slices.End; i++)
                {
                    session.RunSlice(i);
                }

                LinearStep step = new() { Sample = 0.5, Noise = 0.1 };
                step.Denoised[0] = 0.5;
                Assert.True(session.CompleteStep(step, new(Seed: 11), number));
            }

            return session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        }
    }
}
