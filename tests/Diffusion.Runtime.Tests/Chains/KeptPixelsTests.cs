using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Chains;

/// <summary>What a mask keeps, and what it leaves alone.</summary>
public sealed class KeptPixelsTests
{
    // Twenty steps of float32 roundings of terms of magnitude up to about 4.
    private const float FloatTolerance = 2e-5f;

    private const int Edge = 8;
    private const int Pixels = Edge * Edge;

    // Its last step is made of four evaluations, of which the earlier ones cancel up to their rounding.
    private const string EndsInRounding = "pndm";

    private static readonly float[] _image =
        [.. Enumerable.Range(0, 3 * Pixels).Select(i => MathF.Sin(i) / 2)];

    // The left half is kept.
    private static readonly float[] _mask = [.. Enumerable.Range(0, Pixels).Select(i => i % Edge < Edge / 2 ? 0f : 1f)];

    private static readonly TextureRequest _request = new()
    {
        Width = Edge,
        Height = Edge,
        ClassLabel = 0,
        Seed = 3,
        Image = _image,
        Mask = _mask,
    };

    public static TheoryData<string> Solvers => [.. SolverCatalog.Names.Where(name =>
        name is not "ddim-inversion" and not "ddpm-learned" && !name.EndsWith("-optimal", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Solvers))]
    public void Chain_AnySolver_KeepsToTheBitWhereItsLastStepIsTheEstimate(string solver)
    {
        float[] texture = Run(_request with { Solver = SolverCatalog.Parse(solver) });

        Assert.All(Kept, i => Assert.Equal(_image[i], texture[i], FloatTolerance));
        Assert.Equal(solver != EndsInRounding, Kept.All(i => texture[i] == _image[i]));
    }

    [Fact]
    public void Chain_OnTheWay_KeptPixelsAreTheImageWithTheirOwnNoise()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        float[] z = new float[3 * Pixels];
        GaussianNoise.Fill(z, Edge, Edge, 3, new NoiseSource(3), step: 0);
        TextureHandle handle = runtime.Submit(_request with { Solver = SolverCatalog.Parse("dpmpp-3m") });
        int steps = 0;
        runtime.OnStepCompleted(handle, (in StepResult result) =>
        {
            // [Ho20, Eq. 4] x_t = α·x_0 + σ·ε, with the ε that the chain began with: the flow of one point.
            foreach (int i in Kept)
            {
                double expected = (result.Level.Alpha * _image[i]) + (result.Level.Sigma * z[i]);
                Assert.Equal(expected, result.Sample[i], FloatTolerance);
                Assert.Equal(_image[i], result.Denoised[i]);
            }

            steps++;
        });

        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal((ChainStatus.Completed, 20), (runtime.GetProgress(handle).Status, steps));
    }

    [Theory]
    [InlineData("ddpm")]
    [InlineData("dpmpp-2m-sde")]
    [InlineData("euler-ancestral")]
    public void Chain_Stochastic_KeptPixelsHaveTheNoiseOfTheirLevel(string solver)
    {
        const int Large = 128;
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        float[] image = new float[3 * Large * Large];
        Array.Fill(image, 0.5f);
        TextureHandle handle = runtime.Submit(_request with
        {
            Width = Large,
            Height = Large,
            Solver = SolverCatalog.Parse(solver),
            Image = image,
            Mask = new float[Large * Large],
        });
        runtime.OnStepCompleted(handle, (in StepResult result) =>
        {
            if (!result.Level.IsClean)
            {
                (double sum, double squares) = (0, 0);
                foreach (float x in result.Sample)
                {
                    double noise = (x - (result.Level.Alpha * 0.5)) / result.Level.Sigma;
                    (sum, squares) = (sum + noise, squares + (noise * noise));
                }

                // 49,152 normals: five standard errors of their mean and of their variance.
                Assert.Equal(0, sum / result.Sample.Length, 5 / Math.Sqrt(result.Sample.Length));
                Assert.Equal(1, squares / result.Sample.Length, 5 * Math.Sqrt(2.0 / result.Sample.Length));
            }
        });

        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
    }

    [Fact]
    public void Chain_PaintedPixels_AreThoseOfTheChainWithoutMask()
    {
        // The backend's pixels do not see each other.
        float[] masked = Run(_request);
        float[] free = Run(_request with { Mask = default });

        Assert.All(Enumerable.Range(0, 3 * Pixels).Except(Kept), i => Assert.Equal(free[i], masked[i]));
        Assert.All(Kept, i => Assert.NotEqual(free[i], masked[i]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Retarget_MaskedTexture_KeepsOn(bool hasEnded)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(_request);
        runtime.Tick(hasEnded ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(50));
        TextureRequest goal = _request with { Seed = 9, ClassLabel = 1, Image = default, Mask = default };

        runtime.Retarget(handle, goal);
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        float[] texture = Newest(runtime, handle);
        Assert.All(Kept, i => Assert.Equal(_image[i], texture[i]));
        Assert.Throws<ArgumentException>(() => runtime.Retarget(handle, _request));
    }

    [Fact]
    public void Restart_WithoutMask_KeepsNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(_request);
        runtime.Tick(TimeSpan.MaxValue);
        TextureRequest free = _request with { Image = default, Mask = default };

        runtime.Restart(handle, free);
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(Run(free), Newest(runtime, handle));
    }

    [Fact]
    public void WarmUp_RequestWithImageAndMask_IsAnyOfItsShape()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });

        runtime.WarmUp(_request with { Strength = 0.5 });

        Assert.Equal(0, backend.LiveSessions);
    }

    [Fact]
    public void Tick_MaskedTexture_AllocatesNothing()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        runtime.Submit(_request with { Steps = 400 });
        runtime.Tick(TimeSpan.FromMilliseconds(200));
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 20; i++)
        {
            runtime.Tick(TimeSpan.FromMilliseconds(40));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static IEnumerable<int> Kept => Enumerable.Range(0, 3 * Pixels).Where(i => _mask[i % Pixels] == 0);

    private static float[] Run(TextureRequest request)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(request);
        runtime.Tick(TimeSpan.MaxValue);
        Assert.Equal(ChainStatus.Completed, runtime.GetProgress(handle).Status);
        return Newest(runtime, handle);
    }

    private static float[] Newest(DiffusionRuntime runtime, TextureHandle handle)
    {
        SampleRing ring = runtime.GetSamples(handle);
        return ring.Sample(ring.CurrentSlot).ToArray();
    }
}
