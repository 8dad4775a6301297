namespace Diffusion.Render.Compute.Planning;

/// <summary>What is submitted as one: a slice of the network, or where that takes too long a piece of it.</summary>
/// <param name="Name">The slice's name; pieces have their number behind it, as in the Torch backend.</param>
/// <param name="Ranges">The work in order.</param>
/// <param name="Flops">Its arithmetic.</param>
/// <param name="Bytes">Its traffic.</param>
internal sealed record PlannedPart(string Name, IReadOnlyList<DispatchRange> Ranges, double Flops, double Bytes);
