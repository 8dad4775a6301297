namespace Diffusion.Runtime.Models.Configuration;

/// <summary>diffusers' scheduler classes, and the defaults in which their constructors differ.</summary>
internal static class SchedulerClasses
{
    /// <summary>Those with EDM's noise and preconditioning.</summary>
    private static readonly string[] _edm = ["EDMEulerScheduler", "EDMDPMSolverMultistepScheduler"];

    private static readonly string[] _ancestral =
        ["DDPMScheduler", "DDIMScheduler", "DDPMParallelScheduler", "DDIMParallelScheduler"];

    /// <summary>
    /// Those built on a β table; others (SDE, flow matching) describe noise that these keys cannot.
    /// </summary>
    private static readonly string[] _table =
    [
        .. _ancestral, Pndm, "DEISMultistepScheduler", "DPMSolverMultistepScheduler",
        Singlestep, "UniPCMultistepScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler", Heun,
    ];

    private const string Heun = "HeunDiscreteScheduler";
    private const string Pndm = "PNDMScheduler";
    private const string Singlestep = "DPMSolverSinglestepScheduler";

    /// <summary>The classes whose noise a schedule here has.</summary>
    public static IEnumerable<string> Names => _table.Concat(_edm);

    /// <summary>Whether the class has EDM's noise.</summary>
    public static bool IsEdm(string className) => _edm.Contains(className);

    /// <summary>Whether the class can clamp clean estimates; for the others <c>clip_sample</c> is no key.</summary>
    public static bool Clamps(string className) => className == Heun || _ancestral.Contains(className);

    /// <summary><c>clip_sample</c> where the key is absent.</summary>
    public static bool DefaultClipSample(string className) => _ancestral.Contains(className);

    /// <summary><c>beta_start</c> and <c>beta_end</c> where the keys are absent.</summary>
    public static (double Start, double End) DefaultBetas(string className) =>
        className == Heun ? (0.00085, 0.012) : (1e-4, 0.02);

    /// <summary><c>timestep_spacing</c> where the key is absent.</summary>
    public static string DefaultSpacing(string className) =>
        className == Pndm || _ancestral.Contains(className) ? "leading" : "linspace";

    /// <summary>
    /// Whether <c>timestep_spacing</c> is a key of the class; one left over from another class has no effect.
    /// </summary>
    public static bool HasSpacing(string className) => className != Singlestep;

    /// <summary><c>lower_order_final</c> where the key is absent.</summary>
    public static bool DefaultLowerOrderFinal(string className) => className != Singlestep;

    /// <summary><c>set_alpha_to_one</c> where the key is absent.</summary>
    public static bool DefaultSetAlphaToOne(string className) => className != Pndm;
}
