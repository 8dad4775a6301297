namespace Diffusion.Runtime.Models.Configuration;

/// <summary>What a <see cref="SchedulerConfig"/> must satisfy.</summary>
internal static class SchedulerRules
{
    private const int MaxTimesteps = 100_000;

    private static readonly string[] _betaSchedules = ["linear", "scaled_linear", "squaredcos_cap_v2"];

    private static readonly string[] _spacings = ["leading", "linspace", "trailing"];

    /// <summary>The first rule that is broken, as a clause with key and value; null when none is.</summary>
    public static string? FindProblem(SchedulerConfig config)
    {
        SamplerConfig sampler = config.Sampler;
        if (!SchedulerClasses.Names.Contains(sampler.ClassName))
        {
            return $"the scheduler is a '{sampler.ClassName}'; known are {string.Join(", ", SchedulerClasses.Names)}";
        }

        if (config.Edm is { } edm
            && !(edm.SigmaMin > 0 && edm.SigmaMin < edm.SigmaMax && double.IsFinite(edm.SigmaMax) && edm.SigmaData > 0))
        {
            return $"'sigma_min' {edm.SigmaMin}, 'sigma_max' {edm.SigmaMax} and 'sigma_data' {edm.SigmaData} "
                + "must satisfy 0 < min < max and 0 < data";
        }

        int above = 0;
        foreach (int steps in sampler.DistilledSteps)
        {
            if (steps <= above || steps > config.NumTrainTimesteps)
            {
                return $"'distilled_steps' has {steps}; its numbers must rise from 1 or more "
                    + $"up to 'num_train_timesteps', {config.NumTrainTimesteps}";
            }

            above = steps;
        }

        if (!(sampler.DynamicThresholdingRatio is > 0 and <= 1))
        {
            return $"'dynamic_thresholding_ratio' is {sampler.DynamicThresholdingRatio}; "
                + "it must be above 0 and at most 1";
        }

        if (sampler.FinalSigmasType is not ("zero" or "sigma_min"))
        {
            return $"'final_sigmas_type' is '{sampler.FinalSigmasType}'; known are zero, sigma_min";
        }

        if (!(sampler.SampleMaxValue >= 1))
        {
            return $"'sample_max_value' is {sampler.SampleMaxValue}; it must be at least 1";
        }

        if (config.NumTrainTimesteps is < 2 or > MaxTimesteps)
        {
            return $"'num_train_timesteps' is {config.NumTrainTimesteps}; it must be from 2 to {MaxTimesteps}";
        }

        if (!_betaSchedules.Contains(config.BetaSchedule))
        {
            return $"'beta_schedule' is '{config.BetaSchedule}'; known are {string.Join(", ", _betaSchedules)}";
        }

        if (!_spacings.Contains(sampler.TimestepSpacing))
        {
            return $"'timestep_spacing' is '{sampler.TimestepSpacing}'; known are {string.Join(", ", _spacings)}";
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
}
