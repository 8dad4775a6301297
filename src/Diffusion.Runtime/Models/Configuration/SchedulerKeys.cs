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
        WarnOfTheEnd(json, config.Sampler, warnings);
        WarnOfClamping(json, config, warnings);
        if (json.Raw("lambda_min_clipped") is { } lambda)
        {
            warnings.Add(json.Describe($"'lambda_min_clipped' is {lambda}; the noisiest levels are not left out here"));
        }

        if (json.Raw("timestep_values") is { } times)
        {
            warnings.Add(json.Describe($"'timestep_values' is {times}; steps lie where 'timestep_spacing' puts them"));
        }

        // Of early files, and of no effect in diffusers either; the last step is Euler's whatever this one says.
        json.Ignore("tensor_format", "euler_at_final");
        return FindUnsupported(json, config.Sampler);
    }

    private static void RefuseOtherNoise(ConfigObject json, SchedulerConfig config)
    {
        if (json.Boolean("use_flow_sigmas", false))
        {
            throw json.Bad("'use_flow_sigmas' is true; only false is supported: no β table has the noise of flow matching");
        }

        string times = json.Text("timestep_type", "discrete");
        if (times != "discrete" && config.Prediction == PredictionType.VPrediction)
        {
            throw json.Bad($"'timestep_type' is '{times}'; with v_prediction only discrete is supported");
        }

        // They shape the levels of flow matching only.
        json.Ignore("flow_shift", "use_dynamic_shifting", "time_shift_type", "shift_terminal");
    }

    private static void WarnOfTheEnd(ConfigObject json, SamplerConfig sampler, List<string> warnings)
    {
        const string End = "the last step goes on to the clean image here";
        string final = json.Text("final_sigmas_type", "zero");
        if (final is not ("zero" or "sigma_min"))
        {
            throw json.Bad($"'final_sigmas_type' is '{final}'; known are zero, sigma_min");
        }

        if (final == "sigma_min")
        {
            warnings.Add(json.Describe($"'final_sigmas_type' is sigma_min; {End}, as with zero"));
        }

        // diffusers ends at the table's cleanest level: DDIM when told to, and PNDM unless told otherwise.
        bool isDdim = sampler.ClassName is "DDIMScheduler" or "DDIMParallelScheduler";
        bool isPndm = sampler.ClassName is "PNDMScheduler";
        if (!json.Boolean("set_alpha_to_one", !isPndm) && (isDdim || isPndm))
        {
            warnings.Add(json.Describe($"'set_alpha_to_one' is false; {End}, as with true"));
        }

        // Multistep DPM-Solver++ follows the key; diffusers' singlestep form sets it itself where it ends at zero.
        if (sampler is { ClassName: "UniPCMultistepScheduler", LowerOrderFinal: false, SolverOrder: > 1 })
        {
            warnings.Add(json.Describe("'lower_order_final' is false; UniPC ends with lower orders here, as with true"));
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
