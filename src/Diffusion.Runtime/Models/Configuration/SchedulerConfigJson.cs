using System.Text.Json;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary><see cref="SchedulerConfig"/> to and from <c>scheduler_config.json</c>.</summary>
internal static class SchedulerConfigJson
{
    private const int MaxTimesteps = 100_000;

    private static readonly string[] _betaSchedules = ["linear", "scaled_linear", "squaredcos_cap_v2"];

    private static readonly string[] _spacings = ["leading", "linspace", "trailing"];

    /// <summary>
    /// Those built on a β table; others (SDE, EDM, flow matching) describe noise that these keys cannot.
    /// </summary>
    private static readonly string[] _classNames =
    [
        "DDPMScheduler", "DDIMScheduler", "DDPMParallelScheduler", "DDIMParallelScheduler", "PNDMScheduler",
        "DEISMultistepScheduler", "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler",
        "UniPCMultistepScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler",
        "HeunDiscreteScheduler",
    ];

    public static SchedulerConfig Read(ConfigObject json)
    {
        var absent = new SchedulerConfig();
        if (json.Boolean("rescale_betas_zero_snr", false))
        {
            throw json.Bad("'rescale_betas_zero_snr' is true; schedules that end in pure noise are not supported");
        }

        // These steer diffusers' own samplers and say nothing of the network.
        json.Ignore("steps_offset", "set_alpha_to_one", "skip_prk_steps", "tensor_format", "timestep_values",
            "thresholding", "dynamic_thresholding_ratio", "sample_max_value");
        var config = new SchedulerConfig
        {
            ClassName = json.Text("_class_name", absent.ClassName),
            NumTrainTimesteps = json.Integer("num_train_timesteps", absent.NumTrainTimesteps),
            BetaStart = json.Number("beta_start", absent.BetaStart),
            BetaEnd = json.Number("beta_end", absent.BetaEnd),
            BetaSchedule = json.Text("beta_schedule", absent.BetaSchedule),
            TrainedBetas = json.NumbersOrNull("trained_betas"),
            Prediction = ReadPrediction(json),
            ClipSample = json.Boolean("clip_sample", absent.ClipSample),
            ClipSampleRange = json.Number("clip_sample_range", absent.ClipSampleRange),
            TimestepSpacing = json.Text("timestep_spacing", absent.TimestepSpacing),
            VarianceType = json.TextOrNull("variance_type", null) ?? absent.VarianceType,
        };
        return FindProblem(config) is { } problem ? throw json.Bad(problem) : config;
    }

    public static void Write(Utf8JsonWriter json, SchedulerConfig config)
    {
        json.WriteStartObject();
        json.WriteString("_class_name", config.ClassName);
        json.WriteNumber("beta_end", config.BetaEnd);
        json.WriteString("beta_schedule", config.BetaSchedule);
        json.WriteNumber("beta_start", config.BetaStart);
        json.WriteBoolean("clip_sample", config.ClipSample);
        json.WriteNumber("clip_sample_range", config.ClipSampleRange);
        json.WriteNumber("num_train_timesteps", config.NumTrainTimesteps);
        json.WriteString("prediction_type", config.Prediction.Name());
        json.WriteString("timestep_spacing", config.TimestepSpacing);
        if (config.TrainedBetas is { } betas)
        {
            json.WriteStartArray("trained_betas");
            foreach (double beta in betas)
            {
                json.WriteNumberValue(beta);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteNull("trained_betas");
        }

        json.WriteString("variance_type", config.VarianceType);
        json.WriteEndObject();
    }

    /// <summary>The first rule that is broken, as a clause with key and value; null when none is.</summary>
    public static string? FindProblem(SchedulerConfig config)
    {
        if (!_classNames.Contains(config.ClassName))
        {
            return $"the scheduler is a '{config.ClassName}'; known are {string.Join(", ", _classNames)}";
        }

        if (config.NumTrainTimesteps is < 2 or > MaxTimesteps)
        {
            return $"'num_train_timesteps' is {config.NumTrainTimesteps}; it must be from 2 to {MaxTimesteps}";
        }

        if (!_betaSchedules.Contains(config.BetaSchedule))
        {
            return $"'beta_schedule' is '{config.BetaSchedule}'; known are {string.Join(", ", _betaSchedules)}";
        }

        if (!_spacings.Contains(config.TimestepSpacing))
        {
            return $"'timestep_spacing' is '{config.TimestepSpacing}'; known are {string.Join(", ", _spacings)}";
        }

        if (!(config.BetaStart > 0 && config.BetaStart <= config.BetaEnd && config.BetaEnd < 1))
        {
            return $"'beta_start' {config.BetaStart} and 'beta_end' {config.BetaEnd} must satisfy 0 < start <= end < 1";
        }

        if (!(config.ClipSampleRange > 0 && double.IsFinite(config.ClipSampleRange)))
        {
            return $"'clip_sample_range' is {config.ClipSampleRange}; it must be finite and above 0";
        }

        return FindTableProblem(config);
    }

    private static string? FindTableProblem(SchedulerConfig config)
    {
        if (config.TrainedBetas is not { } betas)
        {
            return null;
        }

        if (betas.Count != config.NumTrainTimesteps)
        {
            return $"'trained_betas' has {betas.Count} values and 'num_train_timesteps' is {config.NumTrainTimesteps}; "
                + "they must agree";
        }

        foreach (double beta in betas)
        {
            if (!(beta is > 0 and < 1))
            {
                return $"'trained_betas' has {beta}; every value must be above 0 and below 1";
            }
        }

        return null;
    }

    /// <summary>Early files say <c>predict_epsilon</c> where later ones name the type.</summary>
    private static PredictionType ReadPrediction(ConfigObject json)
    {
        string older = json.Boolean("predict_epsilon", true) ? "epsilon" : "sample";
        string name = json.Text("prediction_type", older);
        return PredictionTypes.Names.Contains(name)
            ? PredictionTypes.Parse(name)
            : throw json.Bad($"'prediction_type' is '{name}'; known are {string.Join(", ", PredictionTypes.Names)}");
    }
}
