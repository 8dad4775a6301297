using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Peers;

/// <summary>What every peer of a comparison computes.</summary>
/// <param name="Size">Edge of the canvas in pixels.</param>
/// <param name="Batch">1, or 2 as with guidance: the class, then the null class.</param>
/// <param name="IsSeamless">Whether convolutions wrap around.</param>
/// <param name="Labels">[N] class labels.</param>
internal sealed record PeerInput(int Size, int Batch, bool IsSeamless, long[] Labels)
{
    public const int Channels = 3;

    /// <summary>The sample is pure noise; the network's output is taken for the clean estimate as it is.</summary>
    public static readonly Preconditioning Scalars = new(CSkip: 0, COut: 1, CIn: 1, CNoise: 500);

    public static readonly NoiseLevel Level = new(Time: 1, Alpha: 1e-3, Sigma: 1);

    public static readonly NoiseSource Noise = new(Seed: 7);

    /// <summary>[N, C, H, W], the same noise for each sample of the batch.</summary>
    public float[] Sample { get; } = Draw(Size, Batch);

    /// <summary>[N].</summary>
    public float[] Timesteps { get; } = [.. Enumerable.Repeat((float)Scalars.CNoise, Batch)];

    public int[] Shape => [Batch, Channels, Size, Size];

    private static float[] Draw(int size, int batch)
    {
        float[] one = new float[Channels * size * size];
        GaussianNoise.Fill(one, size, size, Channels, Noise, step: 0);
        return [.. Enumerable.Repeat(one, batch).SelectMany(values => values)];
    }
}
