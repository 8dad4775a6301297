using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Tests.Models;

public sealed class SchedulerConfigTests
{
    /// <summary>The schedule keeps ln α in float64; a product of 3 factors differs in the last bits only.</summary>
    private const double Rounding = 1e-12;

    [Fact]
    public void CreateSchedule_ScaledLinear_IsLinearInTheRootOfBeta()
    {
        NoiseSchedule schedule = new SchedulerConfig
        {
            BetaSchedule = "scaled_linear",
            BetaStart = 0.01,
            BetaEnd = 0.09,
            NumTrainTimesteps = 3,
        }.CreateSchedule();

        // Roots 0.1, 0.2, 0.3.
        Assert.Equal(Math.Sqrt(0.99 * 0.96 * 0.91), schedule.At(2).Alpha, Rounding);
        Assert.Equal(Math.Sqrt(0.99 * 0.96), schedule.At(1).Alpha, Rounding);
    }

    [Fact]
    public void CreateSchedule_TrainedBetas_OverrideTheFormula()
    {
        var config = new SchedulerConfig { TrainedBetas = [0.5, 0.25], NumTrainTimesteps = 2 };
        NoiseSchedule schedule = config.CreateSchedule();
        Assert.Equal(Math.Sqrt(0.5 * 0.75), schedule.At(1).Alpha, Rounding);
    }

    [Fact]
    public void CreateSchedule_Linear_UsesItsOwnEnds()
    {
        var config = new SchedulerConfig { BetaStart = 0.1, BetaEnd = 0.3, NumTrainTimesteps = 3 };
        NoiseSchedule schedule = config.CreateSchedule();
        Assert.Equal(Math.Sqrt(0.9 * 0.8 * 0.7), schedule.At(2).Alpha, Rounding);
    }

    [Fact]
    public void CreateSchedule_UnknownName_Throws() =>
        Assert.Throws<ArgumentException>(() => new SchedulerConfig { BetaSchedule = "sigmoid" }.CreateSchedule());
}
