using Diffusion.Cli.Generation;

namespace Diffusion.Cli.Soaking;

/// <summary>What the <c>soak</c> command was asked.</summary>
internal sealed record SoakSettings
{
    /// <summary>What is generated; class, seed, solver and steps are drawn anew for each texture.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <summary>How long it runs.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Textures that live at the same time, at most.</summary>
    public int Textures { get; init; } = 12;

    /// <summary>The largest edge of a texture.</summary>
    public int MaxEdge { get; init; } = 128;

    /// <summary>A steady budget, or null for one that changes.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Whether textures are cancelled, retargeted and so on, not only submitted.</summary>
    public bool IsDisturbed { get; init; } = true;

    /// <summary>Seed of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The report.</summary>
    public required string OutputPath { get; init; }
}
