namespace Diffusion.Runtime.Numerics;

/// <summary>The right-hand side of an ordinary differential equation y' = f(t, y).</summary>
/// <param name="time">t.</param>
/// <param name="y">The state at t.</param>
/// <param name="derivative">Receives f(t, y), as long as <paramref name="y"/>.</param>
public delegate void OdeDerivative(double time, ReadOnlySpan<double> y, Span<double> derivative);
