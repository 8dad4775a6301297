namespace Diffusion.Torch.Training;

/// <summary>Pictures for one iteration, in managed memory.</summary>
/// <param name="pixels">[N, C, H, W] in [-1, 1].</param>
/// <param name="mask">[N, 1, H, W]: 1 where the loss counts, 0 on the border of crops.</param>
/// <param name="labels">[N] class indices.</param>
internal sealed class TrainingBatch(float[] pixels, float[] mask, long[] labels)
{
    public float[] Pixels { get; } = pixels;

    public float[] Mask { get; } = mask;

    public long[] Labels { get; } = labels;

    public int Count => Labels.Length;
}
