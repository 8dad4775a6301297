using Diffusion.Cli.Generation;

namespace Diffusion.Cli.Profiling;

/// <summary>What the <c>profile</c> command was asked.</summary>
internal sealed record ProfileSettings
{
    /// <summary>What is generated.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <summary>Size of each texture, or null for the model's own.</summary>
    public CanvasSize? Size { get; init; }

    /// <summary>Textures that are generated at the same time.</summary>
    public int Textures { get; init; } = 4;

    /// <summary>Time for the runtime in each frame.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Frames of each policy.</summary>
    public int Frames { get; init; } = 3000;

    /// <summary>Time that the host computes in each frame beside the tick.</summary>
    public TimeSpan HostWork { get; init; }

    /// <summary>The policies to run, in order.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    /// <summary>Whether a second process burns a core in the middle third of the frames.</summary>
    public bool LoadsCpu { get; init; }

    /// <summary>Where the reports go.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The first frame under load.</summary>
    public int LoadBegin => Frames / 3;

    /// <summary>The first frame after the load.</summary>
    public int LoadEnd => Frames - (Frames / 3);
}
