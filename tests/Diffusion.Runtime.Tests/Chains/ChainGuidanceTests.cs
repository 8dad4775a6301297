using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using static Diffusion.Runtime.Tests.Chains.GaussianChains;

namespace Diffusion.Runtime.Tests.Chains;

/// <summary>Guidance at some levels only.</summary>
public sealed class ChainGuidanceTests
{
    [Fact]
    public void AdvanceSlice_GuidanceInterval_GuidesInsideItOnly()
    {
        GaussianBackend backend = new();
        ChainSettings settings = Settings("ddim", steps: 6) with
        {
            GuidanceScale = 4,
            GuidanceInterval = new GuidanceInterval(0.5, 20),
        };
        using DiffusionChain chain = new(backend.CreateSession(Shape with { Guided = true }), settings);
        RunToEnd(chain);

        double[] ratios = [.. settings.Levels.Span[..^1].ToArray().Select(level => level.Ratio)];
        Assert.Equal(
            ratios.Select(ratio => ratio is > 0.5 and <= 20 ? 4f : 1f),
            backend.Evaluations.Select(evaluation => evaluation.GuidanceScale));
        Assert.Contains(ratios, ratio => ratio > 20);
    }

    [Fact]
    public void AdvanceSlice_GuidanceInAnInterval_RunsOutsideItWhatNeedsNoGuidance()
    {
        GaussianBackend backend = new() { GuidedSlices = new(0, 3), PlainSlices = new(3, 4) };
        ChainSettings settings = Settings("ddim", steps: 6) with
        {
            GuidanceScale = 4,
            GuidanceInterval = new GuidanceInterval(0.5, 20),
        };
        using DiffusionChain chain = new(backend.CreateSession(Shape with { Guided = true }), settings);
        bool[] isGuided = [.. settings.Levels.Span[..^1].ToArray().Select(level => level.Ratio is > 0.5 and <= 20)];
        List<string> names = [];
        while (chain.IsRunnable)
        {
            Assert.Equal(isGuided.Skip(chain.Step).Count(guided => guided), chain.GuidedStepsLeft);
            names.Add(chain.NextSlice.Name);
            Assert.True(chain.AdvanceSlice());
        }

        Assert.Equal(0, chain.GuidedStepsLeft);
        Assert.Equal(
            "start " + string.Join(' ', isGuided.Select(
                guided => guided ? "slice.0 slice.1 slice.2 solver_step" : "slice.3 solver_step")),
            string.Join(' ', names));
        Assert.Contains(true, isGuided);
        Assert.Contains(false, isGuided);
    }

    [Fact]
    public void Retarget_WithinAStepToNoGuidance_BeginsTheStepAnewWithoutIt()
    {
        GaussianBackend backend = new() { GuidedSlices = new(0, 3), PlainSlices = new(3, 4) };
        ChainSettings settings = Settings("ddim", steps: 2) with { GuidanceScale = 4 };
        using DiffusionChain chain = new(backend.CreateSession(Shape with { Guided = true }), settings);
        for (int i = 0; i < 3; i++)
        {
            chain.AdvanceSlice();
        }

        Assert.Equal(("slice.2", 2), (chain.NextSlice.Name, chain.GuidedStepsLeft));
        chain.Retarget(settings with { GuidanceScale = 1 });
        Assert.Equal(("slice.3", 0), (chain.NextSlice.Name, chain.GuidedStepsLeft));
        RunToEnd(chain);
        Assert.Equal(ChainStatus.Completed, chain.Status);
    }
}
