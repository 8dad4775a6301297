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

    [Fact]
    public void CreateSchedule_ZeroSnr_EndsInNoise() => Assert.InRange(
        new SchedulerConfig { RescaleBetasZeroSnr = true }.CreateSchedule().At(999).Alpha, 0, 1e-3);

    [Fact]
    public void CreateSchedule_Edm_HasItsEnds()
    {
        NoiseSchedule schedule = new SchedulerConfig { Edm = new EdmNoise(0.01, 50) }.CreateSchedule();
        Assert.Equal((0.01, 50), (schedule.At(0).Sigma, schedule.At(100).Sigma));
    }

    // What diffusers 0.3x writes for each class, with the keys that matter here.
    [Theory]
    [InlineData("DDPMScheduler", "\"variance_type\": \"fixed_large\"", "ddpm-large", "leading")]
    [InlineData("DDPMScheduler", "\"variance_type\": \"learned_range\"", "ddpm-learned", "leading")]
    [InlineData("DDIMScheduler", "\"timestep_spacing\": \"trailing\"", "ddim", "trailing")]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true", "pndm", "leading")]
    [InlineData("DPMSolverMultistepScheduler", "\"solver_order\": 3, \"use_karras_sigmas\": true", "dpmpp-3m", "karras")]
    [InlineData("DPMSolverMultistepScheduler", "\"algorithm_type\": \"sde-dpmsolver++\"", "dpmpp-2m-sde", "linspace")]
    [InlineData("DPMSolverMultistepScheduler", "\"use_lu_lambdas\": true", "dpmpp-2m", "logsnr")]
    [InlineData("DPMSolverSinglestepScheduler", "\"solver_order\": 2", "dpmpp-2s", "linspace")]
    [InlineData("UniPCMultistepScheduler", "\"solver_order\": 3, \"solver_type\": \"bh1\"", "unipc-3-bh1", "linspace")]
    [InlineData("UniPCMultistepScheduler", "\"solver_type\": \"bh2\"", "unipc-2", "linspace")]
    [InlineData("EulerDiscreteScheduler", "\"timestep_spacing\": \"linspace\"", "euler", "linspace")]
    [InlineData("EulerAncestralDiscreteScheduler", "\"clip_sample\": false", "euler-ancestral", "linspace")]
    [InlineData("HeunDiscreteScheduler", "\"use_karras_sigmas\": true", "heun", "karras")]
    [InlineData("EDMEulerScheduler", "\"sigma_data\": 0.6", "euler", "karras")]
    [InlineData("EDMDPMSolverMultistepScheduler", "\"sigma_schedule\": \"exponential\"", "dpmpp-2m", "logsnr")]
    public void Open_ConfigOfDiffusers_SelectsTheSameSampler(string className, string keys, string solver, string spacing)
    {
        SchedulerConfig config = Read($"\"_class_name\": \"{className}\", {keys}");

        Assert.Equal(solver, config.Sampler.CreateSolver().Name);
        Assert.Equal(spacing, config.Sampler.CreateSpacing().Name());
        Assert.Equal(className.StartsWith("EDM", StringComparison.Ordinal), config.Edm is not null);
    }

    // T = 1000 and N = 4 (5 of which the last is dropped for the multistep schedulers), by hand from set_timesteps of
    // each class.
    [Theory]
    [InlineData("DDIMScheduler", "\"steps_offset\": 1", new[] { 751.0, 501, 251, 1 })]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true", new[] { 750.0, 500, 250, 0 })]
    [InlineData("DDPMScheduler", "\"timestep_spacing\": \"linspace\"", new[] { 999.0, 666, 333, 0 })]
    [InlineData("DPMSolverMultistepScheduler", "\"solver_order\": 2", new[] { 999.0, 749, 500, 250 })]
    [InlineData(
        "UniPCMultistepScheduler",
        "\"timestep_spacing\": \"leading\", \"steps_offset\": 1",
        new[] { 801.0, 601, 401, 201 })]
    [InlineData("EulerDiscreteScheduler", "\"clip_sample\": false", new[] { 999.0, 666, 333, 0 })]
    [InlineData("DDIMScheduler", "\"timestep_spacing\": \"trailing\", \"steps_offset\": 1", new[] { 999.0, 749, 499, 249 })]
    [InlineData("HeunDiscreteScheduler", "\"use_karras_sigmas\": true", new double[0])]
    public void CreateTimes_ConfigOfDiffusers_AreItsTimesteps(string className, string keys, double[] times)
    {
        SchedulerConfig config = Read($"\"_class_name\": \"{className}\", {keys}");

        Assert.Equal(times, config.Sampler.CreateTimes(4, config.CreateSchedule()));
    }

    [Fact]
    public void CreateTimes_SigmaSchedulersOnLinspace_DoNotRound() => Assert.Equal(
        [999, 749.25, 499.5, 249.75, 0],
        Read("\"_class_name\": \"EulerDiscreteScheduler\"").Sampler.CreateTimes(5, NoiseSchedules.Linear()));

    [Theory]
    [InlineData("PNDMScheduler")]
    [InlineData("DPMSolverMultistepScheduler")]
    [InlineData("EDMEulerScheduler")]
    public void CreateTimes_OneStep_BeginsAtTheNoisiestLevel(string className)
    {
        SchedulerConfig config = Read($"\"_class_name\": \"{className}\"");

        Assert.Equal(config.Edm is null ? [999] : [], config.Sampler.CreateTimes(1, config.CreateSchedule()));
    }

    [Theory]
    [InlineData("DDPMScheduler", "\"variance_type\": \"learned\"", "'variance_type' learned")]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": false", "'skip_prk_steps' false")]
    [InlineData("DPMSolverMultistepScheduler", "\"algorithm_type\": \"dpmsolver\"", "'algorithm_type' dpmsolver")]
    [InlineData("DPMSolverMultistepScheduler", "\"solver_type\": \"heun\"", "'solver_type' heun")]
    [InlineData("DPMSolverMultistepScheduler", "\"solver_order\": 4", "'solver_order' 4")]
    [InlineData("UniPCMultistepScheduler", "\"predict_x0\": false", "'predict_x0' false")]
    [InlineData("DEISMultistepScheduler", "\"solver_order\": 2", "DEISMultistepScheduler")]
    public void CreateSolver_ValueWithoutASolver_NamesKeyAndValue(string className, string keys, string problem)
    {
        SamplerConfig sampler = Read($"\"_class_name\": \"{className}\", {keys}").Sampler;

        Assert.Contains(
            problem, Assert.Throws<NotSupportedException>(sampler.CreateSolver).Message, StringComparison.Ordinal);
    }

    private static SchedulerConfig Read(string keys) => SchedulerFolder.Open(keys).Scheduler;
}
