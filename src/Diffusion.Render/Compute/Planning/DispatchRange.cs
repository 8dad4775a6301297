namespace Diffusion.Render.Compute.Planning;

/// <summary>Some rows of a dispatch's workgroups: rows are counted along Y, then Z.</summary>
/// <param name="Dispatch">Which.</param>
/// <param name="First">First row.</param>
/// <param name="Count">How many.</param>
internal readonly record struct DispatchRange(PlannedDispatch Dispatch, int First, int Count);
