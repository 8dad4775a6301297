using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Generation;

/// <summary>The names of solvers, schedules, spacings and backends with what they stand for, a line each.</summary>
internal static class Glossary
{
    private const int NameWidth = 20;

    private static readonly Dictionary<string, string> _solvers = new(StringComparer.Ordinal)
    {
        ["ddpm"] = "ancestral sampling, small variance; wants many steps",
        ["ddpm-large"] = "ancestral sampling, large variance; wants many steps",
        ["ddpm-learned"] = "ancestral sampling, variance predicted by the network",
        ["ddpm-optimal"] = "ancestral sampling, variance that is optimal for the data",
        ["ddim"] = "first order; noise as --eta says, by default none",
        ["ddim-optimal"] = "DDIM, variance that is optimal for the data",
        ["euler"] = "Euler's method in sigma",
        ["heun"] = "Heun's method in sigma, two evaluations a step; wants --spacing leading",
        ["edm"] = "Heun's method with added noise, see --churn; wants --spacing leading",
        ["euler-ancestral"] = "Euler's method to below the next level, and noise up to it",
        ["euler-maruyama"] = "the reverse SDE; wants many steps",
        ["reverse-diffusion"] = "the forward step run back; wants many steps",
        ["pf-ode"] = "Euler's method in t on the probability-flow ODE",
        ["pc"] = "predictor and Langevin corrector, two evaluations a step; wants many steps",
        ["dpmpp-1"] = "DPM-Solver++, first order",
        ["dpmpp-2m"] = "DPM-Solver++, second order, multistep",
        ["dpmpp-2s"] = "DPM-Solver++, second order, two evaluations a step",
        ["dpmpp-3m"] = "DPM-Solver++, third order, multistep",
        ["dpmpp-1-sde"] = "DPM-Solver++, first order, with noise",
        ["dpmpp-2m-sde"] = "DPM-Solver++, second order, with noise",
        ["dpmpp-3m-sde"] = "DPM-Solver++, third order, with noise",
        ["unipc-1"] = "UniPC, first order",
        ["unipc-2"] = "UniPC, second order",
        ["unipc-3"] = "UniPC, third order",
        ["unipc-1-bh1"] = "UniPC, first order, B(h) = h",
        ["unipc-2-bh1"] = "UniPC, second order, B(h) = h",
        ["unipc-3-bh1"] = "UniPC, third order, B(h) = h",
        ["pndm"] = "linear multistep on the predicted noise; wants --spacing leading",
        ["consistency"] = "a clean estimate, and noise up to the next level",
        ["ddim-inversion"] = "from the picture of --image to the noise that leads back to it",
        [LoadedModel.AdaptiveSolver] = "adaptive Dormand-Prince pair on the flow ODE, to --tolerance; sample only",
        [LoadedModel.OwnSolver] = "what the model's scheduler_config.json says, with its spacing",
    };

    private static readonly Dictionary<string, string> _schedules = new(StringComparer.Ordinal)
    {
        ["linear"] = "beta grows linearly (DDPM)",
        ["cosine"] = "alpha-bar is a squared cosine (improved DDPM)",
        ["scaled-linear"] = "the root of beta grows linearly (latent diffusion)",
        ["cosine-zero-snr"] = "cosine, rescaled so that its last level is noise alone",
        ["vp"] = "variance-preserving SDE",
        ["sub-vp"] = "sub-variance-preserving SDE",
        ["ve"] = "variance-exploding SDE",
        ["edm"] = "sigma from 0.002 to 80; wants --spacing karras",
        ["vdm"] = "log-SNR linear in time (variational diffusion)",
    };

    private static readonly Dictionary<string, string> _spacings = new(StringComparer.Ordinal)
    {
        ["leading"] = "evenly in time from the cleanest level up; stops short of the noisiest",
        ["linspace"] = "evenly in time, both ends included",
        ["trailing"] = "evenly in time from the noisiest level down",
        ["logsnr"] = "evenly in the logarithm of alpha over sigma",
        ["karras"] = "evenly in the seventh root of sigma over alpha (EDM)",
    };

    private static readonly Dictionary<string, string> _backends = new(StringComparer.Ordinal)
    {
        [LoadedModel.TorchName] = "libtorch, on the CPU or CUDA",
        [LoadedModel.OnnxName] = "ONNX Runtime, on the CPU",
        [LoadedModel.ComputeName] = "Vulkan compute shaders on the GPU (experimental)",
    };

    /// <summary>Every solver that can be named, in the catalogue's order.</summary>
    public static IReadOnlyList<string> Solvers =>
    [
        .. SolverCatalog.Names
            .Append(LoadedModel.AdaptiveSolver)
            .Append(LoadedModel.OwnSolver)
            .Select(name => Line(name, _solvers[name])),
    ];

    /// <summary>Every schedule that can be named.</summary>
    public static IReadOnlyList<string> Schedules =>
        [.. NoiseSchedules.Names.Select(name => Line(name, _schedules[name]))];

    /// <summary>Every spacing that can be named.</summary>
    public static IReadOnlyList<string> Spacings =>
        [.. StepSpacings.Names.Select(name => Line(name, _spacings[name]))];

    /// <summary>Every backend of this program; the command 'check' tells which of them work.</summary>
    public static IReadOnlyList<string> Backends =>
        [.. LoadedModel.Backends.Select(name => Line(name, _backends[name]))];

    private static string Line(string name, string words) => $"{name,-NameWidth}{words}";
}
