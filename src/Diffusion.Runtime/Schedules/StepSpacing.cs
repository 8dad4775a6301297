namespace Diffusion.Runtime.Schedules;

/// <summary>
/// How the levels of a chain are placed on a schedule; the first three as diffusers' <c>timestep_spacing</c>.
/// </summary>
public enum StepSpacing
{
    /// <summary>
    /// Multiples of ⌊T/N⌋ from 0 upward; <c>leading</c>. It stops short of the noisiest level. [Lin23, Table 2]
    /// </summary>
    Leading,

    /// <summary>Evenly from 0 to T-1, both included; <c>linspace</c>. [Lin23, Table 2]</summary>
    Linspace,

    /// <summary>Multiples of T/N downward from T-1; <c>trailing</c>. [Lin23, Table 2]</summary>
    Trailing,

    /// <summary>
    /// Evenly in the logarithm of the signal-to-noise ratio; <c>logsnr</c>. The same as evenly in ln σ, which
    /// k-diffusion and diffusers call <c>exponential</c>. [Lu22, Sec. 3.3]
    /// </summary>
    LogSnr,

    /// <summary>Evenly in σ^(1/ρ) with ρ = 7, σ the noise-to-signal ratio; <c>karras</c>. [Karras22, Eq. 5]</summary>
    Karras,
}
