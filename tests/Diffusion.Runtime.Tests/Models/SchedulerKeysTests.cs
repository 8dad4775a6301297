using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Models;

/// <summary>The keys of which the solvers here do one value only, against what diffusers' classes do.</summary>
public sealed class SchedulerKeysTests
{
    // All that save_config of diffusers 0.3x writes, at its defaults.
    private const string Multistep = """
        "algorithm_type": "dpmsolver++", "beta_end": 0.02, "beta_schedule": "linear", "beta_start": 0.0001,
        "dynamic_thresholding_ratio": 0.995, "euler_at_final": false, "final_sigmas_type": "zero", "flow_shift": 1.0,
        "lambda_min_clipped": -Infinity, "lower_order_final": true, "num_train_timesteps": 1000,
        "prediction_type": "epsilon", "rescale_betas_zero_snr": false, "sample_max_value": 1.0, "solver_order": 2,
        "solver_type": "midpoint", "steps_offset": 0, "thresholding": false, "time_shift_type": "exponential",
        "timestep_spacing": "linspace", "trained_betas": null, "use_beta_sigmas": false, "use_dynamic_shifting": false,
        "use_exponential_sigmas": false, "use_flow_sigmas": false, "use_karras_sigmas": false, "use_lu_lambdas": false,
        "variance_type": null
        """;

    private const string UniPc = """
        "disable_corrector": [], "final_sigmas_type": "zero", "lower_order_final": true, "predict_x0": true,
        "shift_terminal": null, "sigma_max": null, "sigma_min": null, "solver_p": null, "solver_type": "bh2",
        "timestep_spacing": "linspace", "use_flow_sigmas": false
        """;

    private const string Euler = """
        "final_sigmas_type": "zero", "interpolation_type": "linear", "prediction_type": "epsilon",
        "rescale_betas_zero_snr": false, "sigma_max": null, "sigma_min": null, "timestep_spacing": "linspace",
        "timestep_type": "discrete", "use_beta_sigmas": false
        """;

    [Theory]
    [InlineData("DPMSolverMultistepScheduler", Multistep)]
    [InlineData("UniPCMultistepScheduler", UniPc)]
    [InlineData("EulerDiscreteScheduler", Euler)]
    [InlineData("DDIMScheduler", "\"set_alpha_to_one\": true, \"clip_sample\": true, \"sample_max_value\": 1.0")]
    [InlineData("PNDMScheduler", "\"set_alpha_to_one\": true, \"clip_sample\": false, \"skip_prk_steps\": true")]
    [InlineData("DDIMScheduler", "\"set_alpha_to_one\": false")]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true")]
    [InlineData("EulerDiscreteScheduler", "\"final_sigmas_type\": \"sigma_min\"")]
    [InlineData("UniPCMultistepScheduler", "\"final_sigmas_type\": \"sigma_min\", \"lower_order_final\": false")]
    [InlineData("DPMSolverMultistepScheduler", "\"lambda_min_clipped\": -5.1")]
    [InlineData("DPMSolverMultistepScheduler", "\"euler_at_final\": true, \"lower_order_final\": false")]
    [InlineData("DPMSolverSinglestepScheduler", "\"lower_order_final\": false")]
    [InlineData("DDPMScheduler", "\"sample_max_value\": 9.5, \"tensor_format\": \"pt\"")]
    [InlineData("EDMEulerScheduler", "\"sigma_min\": 0.01, \"sigma_max\": 50, \"final_sigmas_type\": \"zero\"")]
    public void Open_ValuesThatSolversFollow_AreSilent(string className, string keys)
    {
        ModelFolder folder = Open(className, keys);

        Assert.Empty(folder.Warnings);
        Assert.NotNull(folder.Scheduler.Sampler.CreateSolver());
    }

    [Theory]
    [InlineData("UniPCMultistepScheduler", "\"lower_order_final\": false", "'lower_order_final' is false")]
    [InlineData("DDIMScheduler", "\"timestep_spacing\": \"linspace\"", "'timestep_spacing' is linspace")]
    [InlineData("DPMSolverMultistepScheduler", "\"clip_sample\": true", "'clip_sample' is true")]
    [InlineData(
        "DDIMScheduler",
        "\"thresholding\": true, \"sample_max_value\": 1.5",
        "'sample_max_value' is 1.5")]
    [InlineData("DDPMScheduler", "\"timestep_values\": [3, 2]", "'timestep_values' is [3, 2]")]
    public void Open_ValueThatDiffersALittle_IsNamedInAWarning(string className, string keys, string expected) =>
        Assert.Contains(expected, Assert.Single(Open(className, keys).Warnings), StringComparison.Ordinal);

    [Theory]
    [InlineData("EulerDiscreteScheduler", "\"use_beta_sigmas\": true", "'use_beta_sigmas' true")]
    [InlineData("EulerDiscreteScheduler", "\"interpolation_type\": \"log_linear\"", "'interpolation_type' log_linear")]
    [InlineData("EulerDiscreteScheduler", "\"use_karras_sigmas\": true, \"sigma_max\": 14", "'sigma_max' 14")]
    [InlineData("UniPCMultistepScheduler", "\"disable_corrector\": [0, 1]", "'disable_corrector' [0, 1]")]
    [InlineData("UniPCMultistepScheduler", "\"solver_p\": {\"a\": 1}", "'solver_p'")]
    [InlineData("UniPCMultistepScheduler", "\"solver_type\": \"bh3\"", "'solver_type' bh3")]
    [InlineData(
        "DPMSolverSinglestepScheduler",
        "\"algorithm_type\": \"sde-dpmsolver++\"",
        "'algorithm_type' sde-dpmsolver++")]
    public void CreateSolver_ValueOfOtherSteps_NamesKeyAndValue(string className, string keys, string expected)
    {
        SamplerConfig sampler = Open(className, keys).Scheduler.Sampler;

        Assert.Contains(
            expected, Assert.Throws<NotSupportedException>(sampler.CreateSolver).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"use_flow_sigmas\": true", "'use_flow_sigmas' is true")]
    [InlineData(
        "\"prediction_type\": \"v_prediction\", \"timestep_type\": \"continuous\"",
        "'timestep_type' is 'continuous'")]
    [InlineData("\"final_sigmas_type\": \"one\"", "'final_sigmas_type' is 'one'")]
    [InlineData("\"sample_max_value\": 0.5", "'sample_max_value' is 0.5")]
    public void Open_ValueOfOtherNoise_IsAnError(string keys, string expected) => Assert.Contains(
        expected,
        Assert.Throws<ModelFormatException>(() => Open("EulerDiscreteScheduler", keys)).Message,
        StringComparison.Ordinal);

    // The defaults of the constructors, class by class.
    [Theory]
    [InlineData("DDPMScheduler", 1e-4, 0.02, true)]
    [InlineData("DDIMScheduler", 1e-4, 0.02, true)]
    [InlineData("PNDMScheduler", 1e-4, 0.02, false)]
    [InlineData("DPMSolverMultistepScheduler", 1e-4, 0.02, false)]
    [InlineData("DPMSolverSinglestepScheduler", 1e-4, 0.02, false)]
    [InlineData("UniPCMultistepScheduler", 1e-4, 0.02, false)]
    [InlineData("EulerDiscreteScheduler", 1e-4, 0.02, false)]
    [InlineData("EulerAncestralDiscreteScheduler", 1e-4, 0.02, false)]
    [InlineData("HeunDiscreteScheduler", 0.00085, 0.012, false)]
    public void Open_AbsentKeys_AreTheClassesDefaults(string className, double betaStart, double betaEnd, bool clips)
    {
        SchedulerConfig config = Open(className, "\"num_train_timesteps\": 1000").Scheduler;

        Assert.Equal((betaStart, betaEnd, clips), (config.BetaStart, config.BetaEnd, config.ClipSample));
    }

    [Theory]
    [InlineData("\"thresholding\": true", 0)]
    [InlineData("\"thresholding\": true, \"sample_max_value\": 2, \"dynamic_thresholding_ratio\": 0.9", 0.9)]
    [InlineData("\"thresholding\": false, \"sample_max_value\": 2", 0)]
    public void CreateThresholdRatio_LimitOfOne_IsNothingButAClamp(string keys, double ratio) =>
        Assert.Equal(ratio, Open("DDIMScheduler", keys).Scheduler.Sampler.CreateThresholdRatio());

    // A key of another class, which from_config leaves in the file, has no effect in diffusers either.
    [Theory]
    [InlineData("DDIMScheduler", "\"set_alpha_to_one\": true", false)]
    [InlineData("DDIMScheduler", "\"set_alpha_to_one\": false", true)]
    [InlineData("DDIMScheduler", "\"final_sigmas_type\": \"sigma_min\"", false)]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true", true)]
    [InlineData("PNDMScheduler", "\"set_alpha_to_one\": true", false)]
    [InlineData("DPMSolverMultistepScheduler", "\"set_alpha_to_one\": false", false)]
    [InlineData("DPMSolverMultistepScheduler", "\"final_sigmas_type\": \"sigma_min\"", true)]
    [InlineData("EulerDiscreteScheduler", "\"final_sigmas_type\": \"sigma_min\"", true)]
    [InlineData("EDMEulerScheduler", "\"final_sigmas_type\": \"sigma_min\"", true)]
    [InlineData("HeunDiscreteScheduler", "\"final_sigmas_type\": \"sigma_min\"", false)]
    [InlineData("EulerAncestralDiscreteScheduler", "\"final_sigmas_type\": \"sigma_min\"", false)]
    [InlineData("DDPMScheduler", "\"set_alpha_to_one\": false", false)]
    public void EndsAtCleanestLevel_KeysOfTheClass_DecideAlone(string className, string keys, bool expected)
    {
        ModelFolder folder = Open(className, keys);

        Assert.Empty(folder.Warnings);
        Assert.Equal(expected, folder.Scheduler.Sampler.EndsAtCleanestLevel);
    }

    [Fact]
    public void CreateSpacing_SinglestepWithALeftOverSpacing_IsLinspace() => Assert.Equal(
        StepSpacing.Linspace,
        Open("DPMSolverSinglestepScheduler", "\"timestep_spacing\": \"trailing\"").Scheduler.Sampler.CreateSpacing());

    [Theory]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true")]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true, \"set_alpha_to_one\": true")]
    [InlineData("DPMSolverSinglestepScheduler", "\"lower_order_final\": true")]
    [InlineData("DPMSolverSinglestepScheduler", "\"lower_order_final\": false")]
    [InlineData(
        "DPMSolverMultistepScheduler",
        "\"final_sigmas_type\": \"sigma_min\", \"lambda_min_clipped\": -5.1, \"euler_at_final\": true")]
    public void Save_KeysOfTheEnd_AreReadBack(string className, string keys)
    {
        SchedulerConfig config = Open(className, keys).Scheduler;
        using TemporaryFolder folder = new();
        ModelFolder.Save(folder.Path, new UNetConfig(), config, []);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(folder.Path));

        Assert.Equal(config.Sampler, ModelFolder.Open(folder.Path).Scheduler.Sampler);
    }

    // solver_type of another class, which diffusers' from_config leaves in the file.
    [Theory]
    [InlineData("DPMSolverMultistepScheduler", "\"solver_type\": \"bh2\"", "dpmpp-2m")]
    [InlineData("DPMSolverMultistepScheduler", "\"algorithm_type\": \"deis\", \"solver_type\": \"logrho\"", "dpmpp-2m")]
    [InlineData("UniPCMultistepScheduler", "\"solver_type\": \"midpoint\"", "unipc-2")]
    public void CreateSolver_TypeOfAnotherClass_IsReadAsByDiffusers(string className, string keys, string solver) =>
        Assert.Equal(solver, Open(className, keys).Scheduler.Sampler.CreateSolver().Name);

    [Fact]
    public void CreateSolver_Singlestep_EvaluatesOnTheGridAlone()
    {
        Solver solver = Open("DPMSolverSinglestepScheduler", "\"solver_order\": 2").Scheduler.Sampler.CreateSolver();
        var levels = new Runtime.Schedules.NoiseLevel[5];

        Assert.Equal(5, solver.PlaceEvaluations(levels, Runtime.Schedules.NoiseSchedules.Linear()).Length);
    }

    private static ModelFolder Open(string className, string keys) =>
        SchedulerFolder.Open($"\"_class_name\": \"{className}\", {keys}");
}
