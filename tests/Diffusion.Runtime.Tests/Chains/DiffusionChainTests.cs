using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Runtime.Tests.Solvers;
using static Diffusion.Runtime.Tests.Chains.GaussianChains;

namespace Diffusion.Runtime.Tests.Chains;

public sealed class DiffusionChainTests
{
    // Five steps of float32 arithmetic on values below 4.
    private const double FloatTolerance = 1e-5;

    private const int SlicesPerStep = GaussianBackend.SliceCount + 1;

    public static TheoryData<string> DeterministicSolvers =>
    [
        .. SolverCatalog.Names.Where(name => !name.Contains("optimal", StringComparison.Ordinal)
            && SolverCatalog.Parse(name) is { IsStochastic: false, IsInversion: false }),
    ];

    [Theory]
    [MemberData(nameof(DeterministicSolvers))]
    public void AdvanceSlice_ToTheEnd_IsTheSolverOnTheClosedFormDenoiser(string name)
    {
        const int Steps = 8;
        Solver solver = SolverCatalog.Parse(name);
        using DiffusionChain chain = Create(Settings(name, Steps));
        RunToEnd(chain);

        float[] z = new float[3 * 8 * 8];
        GaussianNoise.Fill(z, 8, 8, 3, new NoiseSource(11), step: 0);
        NoiseSchedule schedule = NoiseSchedules.Linear();
        NoiseLevel[] levels = solver.PlaceEvaluations(StepGrid.Create(schedule, StepSpacing.Trailing, Steps), schedule);
        for (int i = 0; i < z.Length; i++)
        {
            double expected = new GaussianChain(0.2, 0.5).Run(solver, levels, levels[0].Sigma * z[i]);
            Assert.Equal(expected, chain.Samples.Sample(chain.Samples.CurrentSlot)[i], FloatTolerance);
        }
    }

    [Fact]
    public void AdvanceSlice_LastStepStillOnTheDevice_CompletesWhenThatIsDone()
    {
        GaussianBackend backend = new() { IsFinished = () => false };
        using DiffusionChain chain = Create(Settings("ddim", 2) with { HasOneEvaluationAStep = true }, backend);
        int handedOut = 0;
        chain.StepCompleted = (in StepResult _) => handedOut++;

        RunToEnd(chain);

        Assert.Equal((ChainStatus.Waiting, 2, 2, 2), (chain.Status, chain.Step, chain.StepCount, handedOut));
        Assert.Throws<InvalidOperationException>(() => chain.Retarget(Settings("ddim", 2)));
        chain.ChangeSteps(1);
        Assert.Equal(2, chain.StepCount);
        backend.IsFinished = () => true;
        Assert.True(chain.AdvanceSlice());
        Assert.Equal((ChainStatus.Completed, 2), (chain.Status, handedOut));
        Assert.False(chain.AdvanceSlice());
    }

    [Fact]
    public void AdvanceSlice_SliceNotReady_WaitsBeforeItAndGoesOnThere()
    {
        bool isPrepared = false;
        GaussianBackend backend = new() { IsReady = index => index < 2 || isPrepared };
        using DiffusionChain chain = Create(Settings("ddim", 2), backend);

        RunToEnd(chain);

        // The start and two slices.
        Assert.Equal((ChainStatus.Waiting, 3), (chain.Status, backend.SlicesRun));
        isPrepared = true;
        Assert.True(chain.AdvanceSlice());
        Assert.Equal((ChainStatus.Running, 4), (chain.Status, backend.SlicesRun));
        RunToEnd(chain);
        Assert.Equal((ChainStatus.Completed, 2), (chain.Status, chain.Step));
    }

    [Fact]
    public void AdvanceSlice_LastStepTurnsOutNotFinite_FailsAndCanBeRestarted()
    {
        GaussianBackend backend = new() { IsFinished = () => throw new NonFiniteSampleException(2) };
        using DiffusionChain chain = Create(Settings("ddim", 2), backend);

        RunToEnd(chain);

        Assert.Equal(ChainStatus.Failed, chain.Status);
        Assert.Equal(2, Assert.IsType<NonFiniteSampleException>(chain.Failure).StepNumber);
        backend.IsFinished = () => true;
        chain.Restart();
        RunToEnd(chain);
        Assert.Equal(ChainStatus.Completed, chain.Status);
    }

    [Fact]
    public void AdvanceSlice_Inversion_StartsFromTheImageAndReachesItsNoise()
    {
        float[] image = [.. Enumerable.Range(0, 192).Select(i => (i - 96) / 96f)];
        using DiffusionChain chain = Create(Settings("ddim-inversion", steps: 50) with { Image = image });
        RunToEnd(chain);

        DdimInversionSolver solver = new();
        NoiseSchedule schedule = NoiseSchedules.Linear();
        NoiseLevel[] levels = solver.PlaceEvaluations(StepGrid.Create(schedule, StepSpacing.Trailing, 50), schedule);
        for (int i = 0; i < image.Length; i++)
        {
            double expected = new GaussianChain(0.2, 0.5).Run(solver, levels, levels[0].Alpha * image[i]);
            Assert.Equal(expected, chain.Samples.Sample(chain.Samples.CurrentSlot)[i], FloatTolerance);
        }
    }

    [Fact]
    public void AdvanceSlice_OneByOne_WalksStartSlicesAndSolverStep()
    {
        using DiffusionChain chain = Create(Settings("ddpm", steps: 2));
        List<string> names = [];
        while (chain.IsRunnable)
        {
            names.Add(chain.NextSlice.Name);
            Assert.True(chain.AdvanceSlice());
        }

        string step = "slice.0 slice.1 slice.2 slice.3 solver_step";
        Assert.Equal($"start {step} {step}", string.Join(' ', names));
        Assert.Equal((ChainStatus.Completed, 2, 2), (chain.Status, chain.Step, chain.StepCount));
        Assert.True(chain.Level.IsClean);
        Assert.False(chain.AdvanceSlice());
    }

    [Fact]
    public void Pause_BetweenAnySlices_ChangesNoBit()
    {
        using DiffusionChain straight = Create(Settings("ddpm", steps: 3));
        RunToEnd(straight);
        using DiffusionChain halting = Create(Settings("ddpm", steps: 3));
        while (halting.Status != ChainStatus.Completed)
        {
            halting.Pause();
            Assert.Equal(ChainStatus.Paused, halting.Status);
            Assert.False(halting.AdvanceSlice());
            halting.Resume();
            halting.AdvanceSlice();
        }

        Assert.Equal(Latest(straight), Latest(halting));
    }

    [Fact]
    public void Restart_InMidStep_GivesTheSameBitsAgain()
    {
        using DiffusionChain chain = Create(Settings("dpmpp-2m", steps: 3));
        RunToEnd(chain);
        float[] first = Latest(chain);

        chain.Restart(Settings("dpmpp-2m", steps: 3) with { Noise = new NoiseSource(12) });
        for (int i = 0; i < SlicesPerStep + 3; i++)
        {
            chain.AdvanceSlice();
        }

        chain.Restart(Settings("dpmpp-2m", steps: 3));
        RunToEnd(chain);

        Assert.Equal(first, Latest(chain));
    }

    [Fact]
    public void Restart_OtherSeed_GivesAnotherImage()
    {
        using DiffusionChain chain = Create(Settings("ddim", steps: 3));
        RunToEnd(chain);
        float[] first = Latest(chain);

        chain.Restart(Settings("ddim", steps: 3) with { Noise = new NoiseSource(12) });
        RunToEnd(chain);

        Assert.NotEqual(first, Latest(chain));
    }

    [Fact]
    public void AdvanceSlice_Image_StartsFromItAtTheFirstLevel()
    {
        float[] image = [.. Enumerable.Repeat(0.7f, 3 * 8 * 8)];
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, 10);
        using DiffusionChain chain = Create(Settings("ddim", 10) with { Levels = levels.AsMemory(8), Image = image });
        chain.AdvanceSlice();

        float[] z = new float[image.Length];
        GaussianNoise.Fill(z, 8, 8, 3, new NoiseSource(11), step: 0);
        Assert.Equal((levels[8].Alpha * 0.7) + (levels[8].Sigma * z[5]), Latest(chain)[5], FloatTolerance);
        Assert.Equal(2, chain.StepCount);
    }

    [Fact]
    public void StepCompleted_EachStep_HandsOutLevelSampleAndEstimate()
    {
        using DiffusionChain chain = Create(Settings("ddim", steps: 4));
        List<int> steps = [];
        List<double> sigmas = [];
        bool lastIsEstimate = false;
        chain.StepCompleted = (in StepResult result) =>
        {
            steps.Add(result.Step);
            sigmas.Add(result.Level.Sigma);
            lastIsEstimate = result.Sample.SequenceEqual(result.Denoised);
        };

        RunToEnd(chain);

        Assert.Equal([1, 2, 3, 4], steps);
        Assert.Equal(sigmas.OrderDescending(), sigmas);
        Assert.Equal(0, sigmas[^1]);
        Assert.True(lastIsEstimate);
    }

    [Fact]
    public void AdvanceSlice_NaN_FailsWithTheReasonAndCanRestart()
    {
        GaussianBackend backend = new() { Output = float.PositiveInfinity };
        using DiffusionChain chain = Create(Settings("ddim", steps: 3), backend);
        RunToEnd(chain);

        Assert.Equal(ChainStatus.Failed, chain.Status);
        Assert.Contains("Step 1 produced values that are not finite", chain.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, chain.Samples.LatestInfo.Step);

        backend.Output = 0.5f;
        chain.Restart();
        RunToEnd(chain);
        Assert.Equal(ChainStatus.Completed, chain.Status);
        Assert.Null(chain.Failure);
    }

    [Fact]
    public void AdvanceSlice_BackendThrows_Fails()
    {
        using DiffusionChain chain = Create(Settings("ddim", steps: 3), new GaussianBackend { Throws = true });
        RunToEnd(chain);

        Assert.Equal(ChainStatus.Failed, chain.Status);
        Assert.Equal("The device was lost.", chain.Failure!.Message);
    }

    [Fact]
    public void AdvanceSlice_ReadersHoldEverySlot_WaitsAndGoesOn()
    {
        using DiffusionChain chain = Create(Settings("ddim", steps: 20));
        List<SampleLease> leases = [];
        ulong seen = 0;
        while (chain.AdvanceSlice())
        {
            if (chain.Samples.TryAcquireLatest(seen, out SampleLease lease))
            {
                seen = lease.Info.Generation;
                leases.Add(lease);
            }
        }

        Assert.Equal(ChainStatus.Waiting, chain.Status);
        Assert.Equal("solver_step", chain.NextSlice.Name);
        leases.ForEach(chain.Samples.Release);
        RunToEnd(chain);
        Assert.Equal(ChainStatus.Completed, chain.Status);
    }

    [Fact]
    public void Cancel_ThenResume_StaysCancelled()
    {
        using DiffusionChain chain = Create(Settings("ddim", steps: 3));
        chain.AdvanceSlice();
        chain.Cancel();
        chain.Resume();

        Assert.False(chain.AdvanceSlice());
        Assert.Equal(ChainStatus.Cancelled, chain.Status);
    }

    [Fact]
    public void AdvanceSlice_ForeignSchedule_AsksTheNetworkAtTheSameSignalToNoiseRatio()
    {
        // The search for the time through λ.
        const double TimeTolerance = 1e-6;
        GaussianBackend backend = new();
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), StepSpacing.Linspace, 3);
        using DiffusionChain chain = Create(
            Settings("ddim", 3) with { Levels = levels, HasModelTimes = false }, backend);
        RunToEnd(chain);

        double time = backend.Evaluations[1].Preconditioning.CNoise;
        Assert.Equal(levels[1].Lambda, NoiseSchedules.Linear().At(time).Lambda, TimeTolerance);
    }

    [Fact]
    public void AdvanceSlice_WarmedUp_AllocatesNothing()
    {
        using DiffusionChain chain = Create(Settings("ddpm", steps: 10));
        for (int i = 0; i < 3 * SlicesPerStep; i++)
        {
            chain.AdvanceSlice();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 3 * SlicesPerStep; i++)
        {
            chain.AdvanceSlice();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(5, chain.Step);
    }
}
