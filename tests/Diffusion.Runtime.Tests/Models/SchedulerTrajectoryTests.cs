using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;
using Diffusion.Runtime.Tests.Solvers;

namespace Diffusion.Runtime.Tests.Models;

/// <summary>
/// Whole chains against diffusers' own scheduler classes (0.40, in float64): each class, and the keys that say where a
/// chain begins and ends, on data N(0.4, 0.5²), whose denoiser is linear in x.
/// </summary>
public sealed class SchedulerTrajectoryTests
{
    // Float64 rounding along a chain, and the 1e-10 of noise that diffusers' DDPM adds where its variance is 0.
    private const double Tolerance = 2e-10;

    private const string StableDiffusion =
        "'beta_schedule': 'scaled_linear', 'beta_start': 0.00085, 'beta_end': 0.012, 'steps_offset': 1";

    private static readonly GaussianChain _data = new(Mean: 0.4, Deviation: 0.5);

    // From x = 0.7, or 30 where EDM's noise begins; the noise that a step adds is 1, -1, 1, ... times its deviation.
    [Theory]
    [InlineData("DDIMScheduler", 5, "'set_alpha_to_one': false", 0.584394586311338)]
    [InlineData("DDIMScheduler", 5, "'set_alpha_to_one': false, 'steps_offset': 1", 0.5863100551959108)]
    [InlineData("DDIMScheduler", 5, "'set_alpha_to_one': false, 'timestep_spacing': 'trailing'", 0.588351974457589)]
    [InlineData("DDIMScheduler", 5, "'set_alpha_to_one': true, 'steps_offset': 1", 0.5862288895150971)]
    [InlineData("DDIMScheduler", 50, "'set_alpha_to_one': false, " + StableDiffusion, 0.720283357652751)]
    [InlineData("PNDMScheduler", 5, "'skip_prk_steps': true", 0.6698486217785617)]
    [InlineData("PNDMScheduler", 5, "'skip_prk_steps': true, 'steps_offset': 1", 0.6738854593704675)]
    [InlineData("PNDMScheduler", 5, "'skip_prk_steps': true, 'timestep_spacing': 'trailing'", 0.6920333314062421)]
    [InlineData(
        "PNDMScheduler",
        5,
        "'skip_prk_steps': true, 'steps_offset': 1, 'set_alpha_to_one': true",
        0.6796116503706142)]
    [InlineData(
        "PNDMScheduler",
        50,
        "'skip_prk_steps': true, 'set_alpha_to_one': false, " + StableDiffusion,
        0.7348907982581848)]
    [InlineData("DPMSolverMultistepScheduler", 5, "", 0.5885839462540438)]
    [InlineData("DPMSolverMultistepScheduler", 5, "'final_sigmas_type': 'sigma_min'", 0.5940128241280969)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'lower_order_final': false",
        0.810772146656786)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'lower_order_final': false, 'euler_at_final': true",
        0.5940128241280969)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'timestep_spacing': 'leading', 'steps_offset': 1",
        0.6177738612106856)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'timestep_spacing': 'trailing', 'solver_order': 1",
        0.588351974457589)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'algorithm_type': 'sde-dpmsolver++'",
        0.28538627847210785)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'algorithm_type': 'sde-dpmsolver++', 'lower_order_final': false",
        -0.1361672481736905)]
    [InlineData("DPMSolverMultistepScheduler", 16, "'final_sigmas_type': 'sigma_min'", 0.8491292716485199)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        16,
        "'final_sigmas_type': 'sigma_min', 'euler_at_final': true",
        0.7243132002270202)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'use_karras_sigmas': true",
        0.7283060336506506)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'beta_schedule': 'squaredcos_cap_v2', 'lambda_min_clipped': -5.1, 'timestep_spacing': 'linspace'",
        0.6751870358232329)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'beta_schedule': 'squaredcos_cap_v2', 'lambda_min_clipped': -5.1, 'timestep_spacing': 'leading'",
        0.6604645488587767)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'beta_schedule': 'squaredcos_cap_v2', 'lambda_min_clipped': -5.1, 'timestep_spacing': 'trailing'",
        0.6768187208926)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        5,
        "'beta_schedule': 'squaredcos_cap_v2', 'lambda_min_clipped': -1.0, 'timestep_spacing': 'trailing', "
            + "'final_sigmas_type': 'sigma_min'",
        0.6464931782496112)]
    [InlineData("DPMSolverSinglestepScheduler", 6, "", 0.6074370158485141)]
    [InlineData("DPMSolverSinglestepScheduler", 5, "'final_sigmas_type': 'sigma_min'", 0.5915566605199375)]
    [InlineData("DPMSolverSinglestepScheduler", 6, "'final_sigmas_type': 'sigma_min'", 0.7773176349424413)]
    [InlineData(
        "DPMSolverSinglestepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'lower_order_final': true",
        0.6122493887938152)]
    [InlineData(
        "DPMSolverSinglestepScheduler",
        6,
        "'beta_schedule': 'squaredcos_cap_v2', 'lambda_min_clipped': -5.1",
        0.6748385279590119)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'solver_order': 1",
        0.6154994292435051)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'solver_order': 2",
        0.6243679087337591)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'solver_order': 3",
        0.6245062303229955)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'solver_order': 2, 'lower_order_final': false",
        0.8578204788912289)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'solver_order': 3, 'lower_order_final': false",
        1.3804760840407027)]
    [InlineData("UniPCMultistepScheduler", 6, "'solver_order': 3", 0.6191660399134955)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'final_sigmas_type': 'sigma_min', 'use_karras_sigmas': true",
        0.7139006420738729)]
    [InlineData("EulerDiscreteScheduler", 4, "'final_sigmas_type': 'sigma_min'", 0.5147120423650698)]
    [InlineData(
        "EulerDiscreteScheduler",
        5,
        "'final_sigmas_type': 'sigma_min', 'timestep_spacing': 'trailing'",
        0.588351974457589)]
    [InlineData("EDMEulerScheduler", 5, "'final_sigmas_type': 'sigma_min'", 0.48644408777826187)]
    [InlineData("EDMDPMSolverMultistepScheduler", 5, "'final_sigmas_type': 'sigma_min'", 0.5600838263852996)]
    [InlineData("EDMDPMSolverMultistepScheduler", 5, "", 0.5600812650850583)]
    [InlineData("DDPMScheduler", 5, "", 0.5453171787172221)]
    [InlineData("DDPMScheduler", 5, "'variance_type': 'fixed_large'", 0.0753084849032022)]
    [InlineData("DDPMScheduler", 5, "'timestep_spacing': 'trailing'", 0.26185169877434405)]
    [InlineData("DDPMScheduler", 4, "'timestep_spacing': 'linspace'", 0.28609530711758346)]
    [InlineData("EulerDiscreteScheduler", 4, "", 0.5146918985499642)]
    [InlineData("EulerDiscreteScheduler", 6, "'use_karras_sigmas': true", 0.5951571084003151)]
    [InlineData("EulerDiscreteScheduler", 6, "'use_exponential_sigmas': true", 0.6203075225137403)]
    [InlineData("EulerAncestralDiscreteScheduler", 4, "", 0.28609530711758374)]
    [InlineData("EulerAncestralDiscreteScheduler", 5, "'timestep_spacing': 'trailing'", 0.2618516986743441)]
    [InlineData("HeunDiscreteScheduler", 4, "", 0.9696773008314465)]
    [InlineData("HeunDiscreteScheduler", 5, "'timestep_spacing': 'leading', 'steps_offset': 1", 0.7980883807006813)]
    [InlineData("HeunDiscreteScheduler", 6, "'use_karras_sigmas': true", 0.8551686804205672)]
    [InlineData("DPMSolverMultistepScheduler", 6, "'use_lu_lambdas': true", 0.7351096457379301)]
    [InlineData(
        "DPMSolverMultistepScheduler",
        6,
        "'use_karras_sigmas': true, 'algorithm_type': 'sde-dpmsolver++'",
        0.22437937612959333)]
    [InlineData(
        "UniPCMultistepScheduler",
        6,
        "'solver_type': 'bh1', 'solver_order': 3, 'final_sigmas_type': 'sigma_min'",
        0.6289543088486858)]
    [InlineData("UniPCMultistepScheduler", 6, "'use_exponential_sigmas': true", 0.7489378022945713)]
    [InlineData("EDMEulerScheduler", 5, "'sigma_schedule': 'exponential', 'sigma_min': 0.01", 0.5052002793345532)]
    [InlineData("DPMSolverMultistepScheduler", 5, "'beta_schedule': 'scaled_linear'", 0.6627217311882063)]
    public void Plan_SchedulerOfDiffusers_EndsWhereItEnds(string className, int stepCount, string keys, double end)
    {
        ModelFolder model = Open(className, keys.Replace('\'', '"'));
        SamplerConfig sampler = model.Scheduler.Sampler;
        NoiseSchedule schedule = model.Description.Schedule;
        double[] times = sampler.CreateTimes(stepCount, schedule);
        NoiseLevel[] grid = times.Length > 0
            ? StepGrid.Create(schedule, times)
            : StepGrid.Create(schedule, sampler.CreateSpacing(), stepCount);
        if (sampler.EndsAtCleanestLevel)
        {
            StepGrid.EndAt(grid, schedule, schedule.MinTime);
        }

        Solver solver = sampler.CreateSolver();
        NoiseLevel[] levels = solver.PlaceEvaluations(grid, schedule);

        double actual = _data.Run(
            solver, levels, model.Scheduler.Edm is null ? 0.7 : 30, noise: step => step % 2 == 0 ? 1 : -1);

        Assert.Empty(model.Warnings);
        Assert.Equal(end, actual, Tolerance);
    }

    [Theory]
    [InlineData("DPMSolverMultistepScheduler", true)]
    [InlineData("DPMSolverSinglestepScheduler", true)]
    [InlineData("UniPCMultistepScheduler", false)]
    [InlineData("DDIMScheduler", false)]
    public void CreateTimes_ClippedLambda_LeavesTheNoisiestLevelsOutWhereDiffusersDoes(string className, bool clips)
    {
        ModelFolder model = Open(
            className, "\"beta_schedule\": \"squaredcos_cap_v2\", \"lambda_min_clipped\": -5.1");

        double first = model.Scheduler.Sampler.CreateTimes(1, model.Description.Schedule)[0];

        Assert.Equal(clips ? 995 : 999, first);
        Assert.Equal(clips, model.Description.Schedule.At(first).Lambda >= -5.1);
    }

    [Fact]
    public void CreateTimes_MoreStepsThanLevelsLeft_NamesTheKey()
    {
        ModelFolder model = Open("DPMSolverMultistepScheduler", "\"lambda_min_clipped\": 3");

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => model.Scheduler.Sampler.CreateTimes(100, model.Description.Schedule));

        Assert.Matches(
            "^Steps must be 1 to \\d\\d, not 100, for 'lambda_min_clipped' 3 leaves \\d\\d levels", error.Message);
    }

    private static ModelFolder Open(string className, string keys) =>
        SchedulerFolder.Open($"\"_class_name\": \"{className}\"" + (keys.Length > 0 ? ", " + keys : ""));
}
