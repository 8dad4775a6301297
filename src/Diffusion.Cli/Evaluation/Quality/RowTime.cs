namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>What a texture of a row takes.</summary>
/// <param name="Milliseconds">Of work, the median over textures.</param>
/// <param name="Frames">Ticks of 8 ms until it is finished, the median over textures.</param>
/// <param name="Evaluations">Evaluations of the network.</param>
/// <param name="Device">What it ran on.</param>
internal sealed record RowTime(double Milliseconds, int Frames, int Evaluations, string Device);
