using CsCheck;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Schedules;

public sealed class StepGridTests
{
    // λ spans about 14 and goes through one exponential, one logarithm and a division by a small slope.
    private const double LambdaTolerance = 1e-6;

    // Worked out from diffusers' DDIMScheduler.set_timesteps for 1000 training steps and steps_offset 0; one step
    // deviates on purpose.
    [Theory]
    [InlineData(StepSpacing.Leading, 5, "800 600 400 200 0")]
    [InlineData(StepSpacing.Leading, 3, "666 333 0")]
    [InlineData(StepSpacing.Linspace, 5, "999 749 500 250 0")]
    [InlineData(StepSpacing.Linspace, 3, "999 500 0")]
    [InlineData(StepSpacing.Trailing, 5, "999 799 599 399 199")]
    [InlineData(StepSpacing.Trailing, 3, "999 666 332")]
    [InlineData(StepSpacing.Leading, 1, "999")]
    [InlineData(StepSpacing.Linspace, 1, "999")]
    [InlineData(StepSpacing.Trailing, 1, "999")]
    [InlineData(StepSpacing.LogSnr, 1, "999")]
    public void Create_NamedSpacing_GivesDiffusersTimes(StepSpacing spacing, int stepCount, string times)
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), spacing, stepCount);

        Assert.Equal(times, string.Join(' ', levels[..^1].Select(level => level.Time)));
        Assert.Equal(NoiseLevel.Clean, levels[^1]);
    }

    [Fact]
    public void Create_LogSnr_IsEvenInLambda()
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Cosine(), StepSpacing.LogSnr, 12);

        double distance = levels[1].Lambda - levels[0].Lambda;
        for (int i = 1; i < 12; i++)
        {
            Assert.Equal(distance, levels[i].Lambda - levels[i - 1].Lambda, LambdaTolerance);
        }

        Assert.Equal(999, levels[0].Time, LambdaTolerance);
        Assert.Equal(0, levels[11].Time, LambdaTolerance);
    }

    [Theory]
    [InlineData("ddim", "cosine", StepSpacing.Trailing)]
    [InlineData("dpmpp-2m-sde", "linear", StepSpacing.Trailing)]
    [InlineData("pndm", "scaled-linear", StepSpacing.LogSnr)]
    [InlineData("heun", "scaled-linear", StepSpacing.LogSnr)]
    [InlineData("heun", "edm", StepSpacing.Karras)]
    [InlineData("ddim", "edm", StepSpacing.Karras)]
    public void CreateDefault_WithinItsNoise_IsTheScheduleOrSolversOwnSpacing(string solver, string name, StepSpacing own)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);

        NoiseLevel[] levels = StepGrid.CreateDefault(schedule, SolverCatalog.Parse(solver), 12);

        Assert.Equal(StepGrid.Create(schedule, own, 12), levels);
    }

    [Theory]
    [InlineData("cosine")]
    [InlineData("cosine-zero-snr")]
    [InlineData("linear")]
    public void CreateDefault_MoreNoiseThanSigmaMax_IsEvenInLambdaFromThere(string name)
    {
        // [Karras22, Table 1] σ_max = 80.
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        NoiseLevel[] levels = StepGrid.CreateDefault(schedule, new HeunSolver(), 12);

        double distance = (schedule.At(0).Lambda + Math.Log(80)) / 11;
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal(-Math.Log(80) + (i * distance), levels[i].Lambda, LambdaTolerance);
        }

        Assert.Equal(NoiseLevel.Clean, levels[12]);
    }

    [Fact]
    public void Create_AnyStepCount_FallsStrictly() => Gen.Select(Gen.Int[1, 1000], Gen.Int[0, 3], Gen.Bool).Sample(
        (stepCount, spacing, isCosine) =>
        {
            NoiseSchedule schedule = isCosine ? NoiseSchedules.Cosine() : NoiseSchedules.Linear();
            NoiseLevel[] levels = StepGrid.Create(schedule, (StepSpacing)spacing, stepCount);
            Assert.Equal(stepCount + 1, levels.Length);
            for (int i = 0; i < stepCount; i++)
            {
                Assert.True(levels[i].Lambda < levels[i + 1].Lambda);
            }
        });

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(1001)]
    [InlineData(100_000)]
    public void Create_StepCountOutsideItsRange_NamesTheRule(int stepCount)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            () => StepGrid.Create(NoiseSchedules.Linear(), StepSpacing.Trailing, stepCount));

        string rule = $"Steps must be 1 to 1000 on the schedule 'linear', not {stepCount}.";
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EndAt_TimeBelowTheLastStep_IsTheLevelThere()
    {
        NoiseSchedule schedule = NoiseSchedules.Linear();
        NoiseLevel[] levels = StepGrid.Create(schedule, [900, 500.5, 40]);

        StepGrid.EndAt(levels, schedule, 12);

        Assert.Equal(schedule.At(12), levels[^1]);
        Assert.Equal(schedule.At(40), levels[^2]);
    }

    [Theory]
    [InlineData(StepSpacing.Leading)]
    [InlineData(StepSpacing.LogSnr)]
    [InlineData(StepSpacing.Karras)]
    public void EndAt_TimeOfTheLastStep_RepeatsItsLevelExactly(StepSpacing spacing)
    {
        NoiseSchedule schedule = NoiseSchedules.Cosine();
        NoiseLevel[] levels = StepGrid.Create(schedule, spacing, 9);

        StepGrid.EndAt(levels, schedule, 0);

        Assert.Equal(levels[^2], levels[^1]);
    }

    [Theory]
    [InlineData(41)]
    [InlineData(-1)]
    [InlineData(1000)]
    [InlineData(double.NaN)]
    public void EndAt_TimeOutsideItsRange_NamesTheRule(double time)
    {
        NoiseLevel[] levels = StepGrid.Create(NoiseSchedules.Linear(), [900, 40]);

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => StepGrid.EndAt(levels, NoiseSchedules.Linear(), time));

        string rule = $"EndTime must be from 0 to the last step's 40 on the schedule 'linear', not {time}.";
        Assert.Contains(rule, error.Message, StringComparison.Ordinal);
        Assert.Equal(NoiseLevel.Clean, levels[^1]);
    }

    [Fact]
    public void Parse_EveryName_RoundTrips()
    {
        Assert.All(StepSpacings.Names, name => Assert.Equal(name, StepSpacings.Parse(name).Name()));
        Assert.Throws<ArgumentException>(() => StepSpacings.Parse("quadratic"));
    }
}
