namespace Diffusion.Torch.Quality;

/// <summary>What is known of one picture.</summary>
internal sealed class DescribedPicture
{
    /// <summary>Of its Laplacian patches, level after level: see <see cref="SlicedProfile"/>.</summary>
    public required float[] Profile { get; init; }

    /// <summary>In decibels: see <see cref="RadialSpectrum"/>.</summary>
    public required float[] Spectrum { get; init; }

    /// <summary>In training spreads: see <see cref="TextureStatistics"/>.</summary>
    public required float[] Statistics { get; init; }

    /// <summary>See <see cref="SeamError"/>.</summary>
    public required double Seam { get; init; }

    /// <summary>Whether the classifier finds its class.</summary>
    public required bool IsRecognised { get; init; }

    /// <summary>Distance to the nearest training picture, or NaN where none was looked for.</summary>
    public required double Nearest { get; init; }
}
