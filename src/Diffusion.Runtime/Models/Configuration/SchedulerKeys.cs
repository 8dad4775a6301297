using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary>The keys of diffusers' schedulers of which the solvers here do one value only.</summary>
/// <remarks>
/// That value passes in silence. Another is a warning where the result differs a little, is kept for
/// <see cref="SamplerConfig.CreateSolver"/> to refuse where steps would be others, and an error where the network was
/// trained on other noise.
/// </remarks>
internal static class SchedulerKeys
{
    /// <summary>Looks at all of them.</summary>
    /// <param name="json">The scheduler's file.</param>
    /// <param name="config">What was read of it so far.</param>
    /// <param name="warnings">Receives a sentence for each value that the solvers do not follow.</param>
    /// <returns>The first value that no solver here does; null when there is none.</returns>
    /// <exception cref="ModelFormatException">The noise is none that a schedule here has.</exception>
    public static UnsupportedValue? Check(ConfigObject json, SchedulerConfig config, List<string> warnings)
    {
        RefuseOtherNoise(json, config);
        WarnOfPlacement(json, config.Sampler, warnings);
        WarnOfClamping(json, config, warnings);
        // Of early files, and of no effect in diffusers either.
        json.Ignore("tensor_format");
        return FindUnsupported(json, config.Sampler);
    }

    private static void RefuseOtherNoise(ConfigObject json, SchedulerConfig config)
    {
        if (json.Boolean("use_flow_sigmas", false))
        {
            throw json.Bad("'use_flow_sigmas' is true; only false is supported, as flow matching has other noise");
        }

        string times = json.Text("timestep_type", "discrete");
        if (times != "discrete" && config.Prediction == PredictionType.VPrediction)
        {
            throw json.Bad($"'timestep_type' is '{times}'; with v_prediction only discrete is supported");
        }

        // They shape the levels of flow matching only.
        json.Ignore("flow_shift", "use_dynamic_shifting", "time_shift_type", "shift_terminal");
    }

    private static void WarnOfPlacement(ConfigObject json, SamplerConfig sampler, List<string> warnings)
    {
        if (json.Raw("timestep_values") is { } times)
        {
            warnings.Add(json.Describe($"'timestep_values' is {times}; steps lie where 'timestep_spacing' puts them"));
        }

        // Their steps lead to t - T/N whatever the next timestep is.
        if (sampler is
            {
                ClassName: "DDIMScheduler" or "DDIMParallelScheduler" or "PNDMScheduler",
                TimestepSpacing: "linspace",
            })
        {
            warnings.Add(json.Describe(
                $"'timestep_spacing' is linspace, on which steps of a {sampler.ClassName} end beside the next "
                + "timestep; here they end at it"));
        }

        // Onto the clean image the full order would divide by an infinite step in λ.
        if (sampler is
            {
                ClassName: "UniPCMultistepScheduler",
                LowerOrderFinal: false,
                SolverOrder: > 1,
                EndsAtCleanestLevel: false,
            })
        {
            warnings.Add(json.Describe("'lower_order_final' is false; the last steps have lower orders here"));
        }
    }

    private static void WarnOfClamping(ConfigObject json, SchedulerConfig config, List<string> warnings)
    {
        string className = config.Sampler.ClassName;
        if (!SchedulerClasses.Clamps(className) && json.Boolean("clip_sample", false))
        {
            warnings.Add(json.Describe($"'clip_sample' is true, and a {className} does not clamp"));
        }

        double max = config.Sampler.SampleMaxValue;
        if (config.Sampler.Thresholding && max > 1)
        {
            warnings.Add(json.Describe($"'sample_max_value' is {max}; the threshold has no upper limit here"));
        }
    }

    private static UnsupportedValue? FindUnsupported(ConfigObject json, SamplerConfig sampler)
    {
        bool usesBeta = json.Boolean("use_beta_sigmas", false);
        string interpolation = json.Text("interpolation_type", "linear");
        string? corrector = json.Raw("disable_corrector");
        string? predictor = json.Raw("solver_p");
        return usesBeta ? new("use_beta_sigmas", "true", "false")
            : interpolation != "linear" ? new("interpolation_type", interpolation, "linear")
            : corrector is not (null or "[]") ? new("disable_corrector", corrector, "[]")
            : predictor is not null ? new("solver_p", predictor, "null")
            : FindEnd(json, sampler, "sigma_min") ?? FindEnd(json, sampler, "sigma_max");
    }

    // Other ends than the table's, for spacings in σ; EDM's are those of its noise.
    private static UnsupportedValue? FindEnd(ConfigObject json, SamplerConfig sampler, string key) =>
        json.Raw(key) is { } value && (sampler.UseKarrasSigmas || sampler.UseExponentialSigmas)
            && !SchedulerClasses.IsEdm(sampler.ClassName)
            ? new(key, value, "null")
            : null;
}
