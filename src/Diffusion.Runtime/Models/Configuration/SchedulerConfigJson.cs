using System.Text.Json;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary><see cref="SchedulerConfig"/> to and from <c>scheduler_config.json</c>.</summary>
internal static class SchedulerConfigJson
{
    public static SchedulerConfig Read(ConfigObject json, List<string> warnings)
    {
        var absent = new SchedulerConfig();
        string className = json.Text("_class_name", absent.Sampler.ClassName);
        bool isEdm = SchedulerClasses.IsEdm(className);
        (double betaStart, double betaEnd) = SchedulerClasses.DefaultBetas(className);
        bool clips = SchedulerClasses.Clamps(className)
            && json.Boolean("clip_sample", SchedulerClasses.DefaultClipSample(className));
        var config = new SchedulerConfig
        {
            NumTrainTimesteps = json.Integer("num_train_timesteps", absent.NumTrainTimesteps),
            BetaStart = json.Number("beta_start", betaStart),
            BetaEnd = json.Number("beta_end", betaEnd),
            BetaSchedule = json.Text("beta_schedule", absent.BetaSchedule),
            TrainedBetas = json.NumbersOrNull("trained_betas"),
            Prediction = ReadPrediction(json, isEdm),
            ClipSample = clips,
            ClipSampleRange = json.Number("clip_sample_range", absent.ClipSampleRange),
            RescaleBetasZeroSnr = json.Boolean("rescale_betas_zero_snr", absent.RescaleBetasZeroSnr),
            Edm = isEdm ? ReadEdm(json) : null,
            Sampler = ReadSampler(json, className, isEdm),
        };
        if (SchedulerRules.FindProblem(config) is { } problem)
        {
            throw json.Bad(problem);
        }

        UnsupportedValue? unsupported = SchedulerKeys.Check(json, config, warnings);
        return config with { Sampler = config.Sampler with { Unsupported = unsupported } };
    }

    private static EdmNoise ReadEdm(ConfigObject json)
    {
        var absent = new EdmNoise();
        double rho = json.Number("rho", 7);
        return rho == 7
            ? new EdmNoise(
                json.Number("sigma_min", absent.SigmaMin),
                json.Number("sigma_max", absent.SigmaMax),
                json.Number("sigma_data", absent.SigmaData))
            : throw json.Bad($"'rho' is {rho}; only 7 is supported");
    }

    private static SamplerConfig ReadSampler(ConfigObject json, string className, bool isEdm)
    {
        var absent = new SamplerConfig();
        string sigmas = isEdm ? json.Text("sigma_schedule", "karras") : "";
        return new SamplerConfig
        {
            ClassName = className,
            VarianceType = json.TextOrNull("variance_type", null) ?? absent.VarianceType,
            SolverOrder = json.Integer("solver_order", absent.SolverOrder),
            AlgorithmType = json.Text("algorithm_type", absent.AlgorithmType),
            SolverType = json.TextOrNull("solver_type", null),
            PredictX0 = json.Boolean("predict_x0", absent.PredictX0),
            LowerOrderFinal = json.Boolean(
                "lower_order_final", SchedulerClasses.DefaultLowerOrderFinal(className)),
            EulerAtFinal = json.Boolean("euler_at_final", absent.EulerAtFinal),
            SetAlphaToOne = json.Boolean("set_alpha_to_one", SchedulerClasses.DefaultSetAlphaToOne(className)),
            FinalSigmasType = json.Text("final_sigmas_type", absent.FinalSigmasType),
            LambdaMinClipped = json.NumberOrNull("lambda_min_clipped") ?? absent.LambdaMinClipped,
            SkipPrkSteps = json.Boolean("skip_prk_steps", absent.SkipPrkSteps),
            TimestepSpacing = ReadSpacing(json, className),
            StepsOffset = json.Integer("steps_offset", absent.StepsOffset),
            UseKarrasSigmas = json.Boolean("use_karras_sigmas", sigmas == "karras"),
            UseExponentialSigmas = json.Boolean("use_exponential_sigmas", sigmas == "exponential")
                | json.Boolean("use_lu_lambdas", false),
            Thresholding = json.Boolean("thresholding", absent.Thresholding),
            DynamicThresholdingRatio = json.Number("dynamic_thresholding_ratio", absent.DynamicThresholdingRatio),
            SampleMaxValue = json.Number("sample_max_value", absent.SampleMaxValue),
            DistilledSteps = json.Integers("distilled_steps", absent.DistilledSteps),
        };
    }

    private static string ReadSpacing(ConfigObject json, string className)
    {
        string absent = SchedulerClasses.DefaultSpacing(className);
        string spacing = json.Text("timestep_spacing", absent);
        return SchedulerClasses.HasSpacing(className) ? spacing : absent;
    }

    public static void Write(Utf8JsonWriter json, SchedulerConfig config)
    {
        json.WriteStartObject();
        json.WriteString("_class_name", config.Sampler.ClassName);
        if (config.Edm is null)
        {
            json.WriteNumber("beta_end", config.BetaEnd);
            json.WriteString("beta_schedule", config.BetaSchedule);
            json.WriteNumber("beta_start", config.BetaStart);
        }

        bool clamps = SchedulerClasses.Clamps(config.Sampler.ClassName);
        if (clamps)
        {
            json.WriteBoolean("clip_sample", config.ClipSample);
        }

        if (clamps || config.ClipSampleRange != new SchedulerConfig().ClipSampleRange)
        {
            json.WriteNumber("clip_sample_range", config.ClipSampleRange);
        }

        json.WriteNumber("num_train_timesteps", config.NumTrainTimesteps);
        json.WriteString("prediction_type", config.Edm is null ? config.Prediction.Name() : "epsilon");
        if (config.RescaleBetasZeroSnr)
        {
            json.WriteBoolean("rescale_betas_zero_snr", true);
        }

        WriteSampler(json, config.Sampler);
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

        if (config.Edm is { } edm)
        {
            json.WriteNumber("sigma_data", edm.SigmaData);
            json.WriteNumber("sigma_max", edm.SigmaMax);
            json.WriteNumber("sigma_min", edm.SigmaMin);
        }

        json.WriteString("variance_type", config.Sampler.VarianceType);
        json.WriteEndObject();
    }

    // Only what differs from the defaults: diffusers warns of keys that a scheduler does not have.
    private static void WriteSampler(Utf8JsonWriter json, SamplerConfig sampler)
    {
        var absent = new SamplerConfig();
        json.WriteString("timestep_spacing", sampler.TimestepSpacing);
        if (sampler.StepsOffset != absent.StepsOffset)
        {
            json.WriteNumber("steps_offset", sampler.StepsOffset);
        }

        if (sampler.DistilledSteps.Count > 0)
        {
            // Our key: diffusers names it in a warning, and knows nothing of the rows of the class table.
            json.WriteStartArray("distilled_steps");
            foreach (int steps in sampler.DistilledSteps)
            {
                json.WriteNumberValue(steps);
            }

            json.WriteEndArray();
        }

        if (sampler.SolverOrder != absent.SolverOrder)
        {
            json.WriteNumber("solver_order", sampler.SolverOrder);
        }

        if (sampler.AlgorithmType != absent.AlgorithmType)
        {
            json.WriteString("algorithm_type", sampler.AlgorithmType);
        }

        if (sampler.FinalSigmasType != absent.FinalSigmasType)
        {
            json.WriteString("final_sigmas_type", sampler.FinalSigmasType);
        }

        if (double.IsFinite(sampler.LambdaMinClipped))
        {
            json.WriteNumber("lambda_min_clipped", sampler.LambdaMinClipped);
        }

        if (sampler.SolverType is { } type)
        {
            json.WriteString("solver_type", type);
        }

        WriteFlag(json, "predict_x0", sampler.PredictX0, absent.PredictX0);
        WriteFlag(
            json,
            "lower_order_final",
            sampler.LowerOrderFinal,
            SchedulerClasses.DefaultLowerOrderFinal(sampler.ClassName));
        WriteFlag(json, "euler_at_final", sampler.EulerAtFinal, absent.EulerAtFinal);
        WriteFlag(
            json,
            "set_alpha_to_one",
            sampler.SetAlphaToOne,
            SchedulerClasses.DefaultSetAlphaToOne(sampler.ClassName));
        WriteFlag(json, "skip_prk_steps", sampler.SkipPrkSteps, absent.SkipPrkSteps);
        WriteFlag(json, "use_karras_sigmas", sampler.UseKarrasSigmas, absent.UseKarrasSigmas);
        WriteFlag(json, "use_exponential_sigmas", sampler.UseExponentialSigmas, absent.UseExponentialSigmas);
        WriteFlag(json, "thresholding", sampler.Thresholding, absent.Thresholding);
        if (sampler.Thresholding)
        {
            json.WriteNumber("dynamic_thresholding_ratio", sampler.DynamicThresholdingRatio);
            json.WriteNumber("sample_max_value", sampler.SampleMaxValue);
        }
    }

    private static void WriteFlag(Utf8JsonWriter json, string key, bool value, bool absent)
    {
        if (value != absent)
        {
            json.WriteBoolean(key, value);
        }
    }

    /// <summary>Early files say <c>predict_epsilon</c> where later ones name the type.</summary>
    private static PredictionType ReadPrediction(ConfigObject json, bool isEdm)
    {
        string older = json.Boolean("predict_epsilon", true) ? "epsilon" : "sample";
        string name = json.Text("prediction_type", older);
        if (isEdm)
        {
            // EDM's F; with v_prediction diffusers turns its sign round, which nothing published uses.
            return name == "epsilon"
                ? PredictionType.Edm
                : throw json.Bad($"'prediction_type' is '{name}'; for EDM's preconditioning only epsilon is supported");
        }

        return PredictionTypes.Names.Contains(name)
            ? PredictionTypes.Parse(name)
            : throw json.Bad($"'prediction_type' is '{name}'; known are {string.Join(", ", PredictionTypes.Names)}");
    }
}
