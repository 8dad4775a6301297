namespace Diffusion.Render.Compute.Planning;

/// <summary>A run of dispatches that is submitted as one.</summary>
/// <param name="Name">The diffusers module path, as the Torch backend names its slices.</param>
/// <param name="First">Index of the first dispatch.</param>
/// <param name="Count">How many.</param>
/// <param name="Hidden">The activations that the slice hands on; of the last slice the network's output.</param>
internal sealed record PlannedSlice(string Name, int First, int Count, Activations Hidden);
