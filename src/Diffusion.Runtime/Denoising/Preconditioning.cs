namespace Diffusion.Runtime.Denoising;

/// <summary>The scalars that make a network F a denoiser: D(x) = cSkip·x + cOut·F(cIn·x; cNoise).</summary>
/// <remarks>Every parameterisation (ε, x_0, v, EDM) is one choice of these four numbers. Pure data. [Karras22, Eq. 7]</remarks>
/// <param name="CSkip">Factor of the sample in the clean estimate.</param>
/// <param name="COut">Factor of the network's output.</param>
/// <param name="CIn">Factor of the sample at the network's input.</param>
/// <param name="CNoise">The network's timestep input.</param>
public readonly record struct Preconditioning(double CSkip, double COut, double CIn, double CNoise);
