namespace Diffusion.Peers;

/// <summary>What the command line chose.</summary>
internal sealed record PeerSettings
{
    public required string Model { get; init; }

    public required int[] Sizes { get; init; }

    public required int[] Batches { get; init; }

    public required int Threads { get; init; }

    /// <summary>Time for each combination of size and batch.</summary>
    public required TimeSpan Duration { get; init; }

    public required bool IsSeamless { get; init; }

    /// <summary>Whether idle workers spin before they sleep, in all engines but the slices on ONNX Runtime.</summary>
    public required bool IsSpinning { get; init; }
}
