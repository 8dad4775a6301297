using System.Numerics;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Compute;
using Diffusion.Cli.Tests.Generation;
using Diffusion.Onnx;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>Whole chains of the shipped model on ONNX Runtime.</summary>
public sealed class OnnxChainTests : IDisposable
{
    /// <summary>Twenty steps, each of which may be off by 1e-4 of the image's range.</summary>
    private const double ChainRounding = 1e-3;

    private static readonly TextureRequest _request = new()
    {
        Width = 32,
        Height = 16,
        ClassLabel = 3,
        Seed = 5,
        Steps = 20,
        GuidanceScale = 3,
    };

    private readonly ModelFolder _folder = ModelFolder.Open(ModelLocator.Find(null));
    private readonly OnnxBackend _backend;

    public OnnxChainTests() => _backend = new OnnxBackend(_folder);

    public void Dispose() => _backend.Dispose();

    [Theory]
    [InlineData("dpmpp-2m", 3f, true)]
    [InlineData("ddpm", 1f, true)]
    [InlineData("heun", 3f, false)]
    public void Chain_TwentySteps_EqualsTorch(string solver, float guidance, bool isSeamless) => AssertEqualsTorch(
        _request with { Solver = SolverCatalog.Parse(solver), GuidanceScale = guidance, Seamless = isSeamless });

    [Fact]
    public void Chain_VariedMixedAndColoured_EqualsTorch() => AssertEqualsTorch(_request with
    {
        SecondClassLabel = 1,
        SecondClassMask = Enumerable.Range(0, 32 * 16).Select(i => (i % 32) / 31f).ToArray(),
        VariationSeed = 9,
        Variation = 0.4f,
        Colours = new ColourTarget
        {
            Mean = new Vector3(0.2f, -0.1f, -0.3f),
            Covariance = new(0.05f, 0.02f, 0, 0.04f, 0.01f, 0.03f),
        },
    });

    [Theory]
    [InlineData(0.9f, true)]
    [InlineData(0, false)]
    public void Chain_KeptPixelsOfAnImage_EqualsTorchAndKeepsToTheBit(float threshold, bool clamp)
    {
        float[] image = [.. Enumerable.Range(0, 3 * 32 * 16).Select(i => MathF.Sin(i / 9f))];
        float[] mask = [.. Enumerable.Range(0, 32 * 16).Select(i => i % 32 < 16 ? 0f : i % 32 < 20 ? 0.5f : 1f)];

        float[] actual = AssertEqualsTorch(_request with
        {
            ThresholdRatio = threshold,
            Clamp = clamp,
            Image = image,
            Mask = mask,
            Strength = 0.7,
        });

        IEnumerable<int> kept = Enumerable.Range(0, image.Length).Where(i => mask[i % mask.Length] == 0);
        Assert.All(kept, i => Assert.Equal(image[i], actual[i]));
    }

    [Fact]
    public void Chain_BesideAnotherOnTheSameNetwork_GivesTheBitsOfOneAlone()
    {
        TextureRequest first = _request with { Steps = 3 };
        TextureRequest second = first with { Seed = 6, ClassLabel = 0 };
        float[] alone = ChainRun.Run(_backend, _folder, first);

        using DiffusionRuntime runtime = new(_backend, _folder.Description);
        TextureHandle one = runtime.Submit(first);
        TextureHandle other = runtime.Submit(second);
        while (!ChainRun.IsOver(runtime, one) || !ChainRun.IsOver(runtime, other))
        {
            // The least that a tick does: one slice, by turns.
            runtime.Tick(TimeSpan.FromTicks(1));
        }

        Assert.Equal(alone, ChainRun.SampleOf(runtime, one));
        Assert.Equal(ChainRun.Run(_backend, _folder, second), ChainRun.SampleOf(runtime, other));
        Assert.NotEqual(alone, ChainRun.SampleOf(runtime, other));
    }

    [Fact]
    public void Sessions_OfOneShape_ShareTheNetworkAndIdleOnesAreFew()
    {
        SessionOptions shape = new() { Width = 16, Height = 16 };
        using IDenoiserSession first = _backend.CreateSession(shape);
        using IDenoiserSession second = _backend.CreateSession(shape with { HistoryLength = 2, Guided = true });
        OnnxNetwork inUse = NetworkOf(16);
        Assert.Equal(2, inUse.UserCount);

        OnnxNetwork oldest = NetworkOf(24);
        Assert.Same(oldest, NetworkOf(24));
        foreach (int width in (int[])[32, 40, 48, 56])
        {
            NetworkOf(width);
        }

        Assert.NotSame(oldest, NetworkOf(24));
        Assert.Same(inUse, NetworkOf(16));

        OnnxNetwork NetworkOf(int width)
        {
            OnnxNetwork network = _backend.Networks.Rent(new(shape.Height, width, shape.Seamless));
            _backend.Networks.Return(network);
            return network;
        }
    }

    [Fact]
    public void Chain_GuidedInAnInterval_EqualsTorchAndEvaluatesNoClassInItAlone()
    {
        TextureRequest request = _request with { GuidanceInterval = new GuidanceInterval(0.3, 3), Steps = 10 };

        AssertEqualsTorch(request);

        using DiffusionRuntime runtime = new(_backend, _folder.Description);
        TextureHandle handle = runtime.Submit(request);
        int slices = 0;
        List<int> ofSteps = [];
        for (int step = 0; !ChainRun.IsOver(runtime, handle);)
        {
            // The least that a tick does.
            slices += runtime.Tick(TimeSpan.FromTicks(1)).SlicesRun;
            if (runtime.GetProgress(handle).Step > step)
            {
                step++;
                ofSteps.Add(slices);
                slices = 0;
            }
        }

        // Each has the solver's slice besides, the first also the start.
        using IDenoiserSession plain = _backend.CreateSession(new() { Width = 32, Height = 16 });
        int one = plain.Slices.Count;
        ofSteps[0]--;

        // [Nichol21, Eq. 17] σ/α is about tan(π/2·t) at t = 1, 0.9, …: between 0.3 and 3 from 0.7 to 0.2.
        Assert.Equal(
            [.. Enumerable.Range(0, 10).Select(i => (i is >= 3 and <= 8 ? 2 * one : one) + 1)],
            ofSteps);
    }

    [Fact]
    public void Tick_WholeSteps_AllocatesNothing()
    {
        using DiffusionRuntime runtime = new(_backend, _folder.Description);
        TextureHandle handle = runtime.Submit(_request with { Steps = 12 });
        _backend.Networks.FinishLoading();
        TickUntilStep(4);

        long before = GC.GetAllocatedBytesForCurrentThread();
        TickUntilStep(8);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void TickUntilStep(int step)
        {
            while (runtime.GetProgress(handle).Step < step)
            {
                runtime.Tick(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    [Fact]
    public void Construct_OtherNumberOfThreads_NamesBoth()
    {
        int other = OnnxEnvironment.Threads + 1;

        ArgumentException error = Assert.Throws<ArgumentException>(() => new OnnxBackend(_folder, other));

        Assert.Contains($"{other} threads", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{OnnxEnvironment.Threads}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateSession_SizeThatDoesNotFit_NamesTheRule()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => _backend.CreateSession(new SessionOptions { Width = 33, Height = 32 }));

        Assert.Contains("33x32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RunSlice_OutOfTurnOrDisposed_Throws()
    {
        IDenoiserSession session = _backend.CreateSession(new SessionOptions { Width = 16, Height = 16 });
        Assert.Throws<InvalidOperationException>(() => session.RunSlice(0));
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.RunSlice(0));
    }

    private float[] AssertEqualsTorch(TextureRequest request)
    {
        using TorchBackend torch = new(_folder, TorchDevice.Cpu);
        float[] actual = ChainRun.Run(_backend, _folder, request);
        Assert.InRange(SliceParity.Difference(ChainRun.Run(torch, _folder, request), actual), 0, ChainRounding);
        return actual;
    }
}
