namespace Diffusion.Torch.Training;

/// <summary>Pictures for one iteration, in managed memory.</summary>
/// <param name="count">N, their number.</param>
/// <param name="channels">C, 3 or 1.</param>
/// <param name="edge">H and W, in pixels.</param>
internal sealed class TrainingBatch(int count, int channels, int edge)
{
    /// <summary>[N, C, H, W] in [-1, 1].</summary>
    public float[] Pixels { get; } = new float[count * channels * edge * edge];

    /// <summary>[N, 1, H, W]: 1 where the loss counts, 0 on the border of crops.</summary>
    public float[] Mask { get; } = new float[count * edge * edge];

    /// <summary>[N] class indices.</summary>
    public long[] Labels { get; } = new long[count];

    public int Edge => edge;

    public int Count => count;
}
