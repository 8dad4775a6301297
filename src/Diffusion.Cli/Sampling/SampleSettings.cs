using Diffusion.Cli.Generation;

namespace Diffusion.Cli.Sampling;

/// <summary>What the <c>sample</c> command was asked.</summary>
internal sealed record SampleSettings
{
    /// <summary>What is generated.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <summary>Size of each texture, or null for the model's own.</summary>
    public CanvasSize? Size { get; init; }

    /// <summary>Whether textures tile.</summary>
    public bool Seamless { get; init; } = true;

    /// <summary>Second class, variation and colours.</summary>
    public ControlSettings Control { get; init; } = new();

    /// <summary>Columns and rows of the sheet; seeds count on from the first, unless weights differ.</summary>
    public CanvasSize Grid { get; init; } = new(1, 1);

    /// <summary>Columns and rows of an endless surface's tiles, in place of a sheet; or null.</summary>
    public CanvasSize? Tiles { get; init; }

    /// <summary>How far the tiles depart from one pattern, in (0, 1], or null for the default.</summary>
    public double? Departure { get; init; }

    /// <summary>The picture to write.</summary>
    public required string OutputFile { get; init; }

    /// <summary>An animation of the chain to write besides, or null.</summary>
    public string? AnimationFile { get; init; }

    /// <summary>A picture to start from, or null for noise.</summary>
    public string? ImageFile { get; init; }

    /// <summary>A picture that is white where the other is painted anew, or null for everywhere.</summary>
    public string? MaskFile { get; init; }

    /// <summary>The part of the chain that is run from the picture, in (0, 1], or null for the default.</summary>
    public double? Strength { get; init; }

    /// <summary>Whether the animation shows the predicted clean image in place of x_t.</summary>
    public bool ShowDenoised { get; init; }

    /// <summary>Threads that compute noise.</summary>
    public int NoiseThreads { get; init; } = 1;
}
