namespace Diffusion.Torch.Training;

/// <summary>Pictures with classes that a network is trained on, and some that are held out.</summary>
/// <remarks>Immutable; any thread.</remarks>
public abstract class TrainingData
{
    private protected TrainingData(int canvas, int channels, IReadOnlyList<string> classNames)
    {
        Canvas = canvas;
        Channels = channels;
        ClassNames = classNames;
    }

    /// <summary>Edge of what is drawn, in pixels.</summary>
    public int Canvas { get; }

    /// <summary>Channels of what is drawn: 3 for colour, 1 for grey.</summary>
    public int Channels { get; }

    /// <summary>Class names: the label is the index.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Pictures that are trained on.</summary>
    public abstract int TrainingCount { get; }

    /// <summary>Pictures that are kept for <see cref="Trainer.HeldOutLoss"/> and for likelihoods.</summary>
    public abstract int HeldOutCount { get; }

    /// <summary>Whether the network should wrap around the canvas.</summary>
    public abstract bool Seamless { get; }

    /// <summary>What the set is made of, for reports, a line each.</summary>
    public abstract IEnumerable<string> Describe();

    /// <summary>Held-out pictures, whole and unmoved.</summary>
    /// <param name="indices">Which ones, each in [0, <see cref="HeldOutCount"/>).</param>
    /// <returns>Pixels [N, C, H, W], bytes k as k/127.5 - 1, and labels [N].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside its range.</exception>
    public (float[] Pixels, long[] Labels) HeldOutPictures(IReadOnlyList<int> indices) =>
        Pictures(indices, HeldOutCount, isHeldOut: true);

    /// <summary>Pictures that are trained on, whole and unmoved.</summary>
    /// <param name="indices">Which ones, each in [0, <see cref="TrainingCount"/>).</param>
    /// <returns>Pixels [N, C, H, W], bytes k as k/127.5 - 1, and labels [N].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside its range.</exception>
    public (float[] Pixels, long[] Labels) TrainingPictures(IReadOnlyList<int> indices) =>
        Pictures(indices, TrainingCount, isHeldOut: false);

    /// <summary>Draws a batch; the same random stream gives the same batch.</summary>
    internal abstract TrainingBatch Draw(ref CounterRandom random, int count);

    /// <summary>Draws pictures of twice the canvas; the same random stream gives the same batch.</summary>
    /// <exception cref="NotSupportedException">The pictures are no larger than the canvas.</exception>
    internal virtual TrainingBatch DrawLarge(ref CounterRandom random, int count) =>
        throw new NotSupportedException($"These pictures are no larger than the canvas of {Canvas} pixels.");

    /// <summary>The held-out pictures from <paramref name="first"/> on, whole and unmoved.</summary>
    internal TrainingBatch HeldOut(int first, int count) => Whole([.. Enumerable.Range(first, count)], isHeldOut: true);

    /// <summary>Chosen pictures, whole and unmoved.</summary>
    internal abstract TrainingBatch Whole(IReadOnlyList<int> indices, bool isHeldOut);

    private (float[] Pixels, long[] Labels) Pictures(IReadOnlyList<int> indices, int count, bool isHeldOut)
    {
        ArgumentNullException.ThrowIfNull(indices);
        foreach (int index in indices)
        {
            if (index < 0 || index >= count)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), index, $"Pictures are numbered 0 to {count - 1}.");
            }
        }

        TrainingBatch batch = Whole(indices, isHeldOut);
        return (batch.Pixels, batch.Labels);
    }
}
