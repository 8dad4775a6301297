namespace Diffusion.Torch.Training;

/// <summary>Grey pictures in memory that neither wrap nor are cropped, such as Fashion-MNIST's. [Xiao17]</summary>
/// <remarks>
/// Shown whole, mirrored left to right half of the time; the loss counts everywhere. Immutable; any thread.
/// </remarks>
public sealed class GreyPictures : TrainingData
{
    private readonly Split _training;
    private readonly Split _heldOut;

    /// <summary>Takes the pictures, which stay the caller's and must not change.</summary>
    /// <param name="edge">Width and height in pixels, at least 1.</param>
    /// <param name="classNames">Names by label.</param>
    /// <param name="training">Bytes [N, H, W] and labels [N] to train on, at least one picture.</param>
    /// <param name="heldOut">Bytes and labels that are held out.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, or a label has no name.</exception>
    public GreyPictures(
        int edge,
        IReadOnlyList<string> classNames,
        (ReadOnlyMemory<byte> Pixels, ReadOnlyMemory<byte> Labels) training,
        (ReadOnlyMemory<byte> Pixels, ReadOnlyMemory<byte> Labels) heldOut)
        : base(edge, channels: 1, classNames)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(edge, 1);
        ArgumentNullException.ThrowIfNull(classNames);
        _training = new Split(training.Pixels, training.Labels, edge * edge, classNames.Count);
        _heldOut = new Split(heldOut.Pixels, heldOut.Labels, edge * edge, classNames.Count);
        if (_training.Count == 0)
        {
            throw new ArgumentException("There are no pictures to train on.", nameof(training));
        }
    }

    /// <inheritdoc/>
    public override int TrainingCount => _training.Count;

    /// <inheritdoc/>
    public override int HeldOutCount => _heldOut.Count;

    /// <inheritdoc/>
    public override bool Seamless => false;

    /// <inheritdoc/>
    public override IEnumerable<string> Describe() =>
        [$"{TrainingCount} grey pictures in {ClassNames.Count} classes, {Canvas}x{Canvas}", $"{HeldOutCount} held out"];

    /// <inheritdoc/>
    internal override TrainingBatch Draw(ref CounterRandom random, int count)
    {
        TrainingBatch batch = NewBatch(count);
        for (int slot = 0; slot < count; slot++)
        {
            int index = random.NextInt(_training.Count);
            Write(batch, slot, _training, index, mirror: random.NextInt(2) == 1);
        }

        return batch;
    }

    /// <inheritdoc/>
    internal override TrainingBatch Whole(IReadOnlyList<int> indices, bool isHeldOut)
    {
        TrainingBatch batch = NewBatch(indices.Count);
        for (int slot = 0; slot < indices.Count; slot++)
        {
            Write(batch, slot, isHeldOut ? _heldOut : _training, indices[slot], mirror: false);
        }

        return batch;
    }

    private TrainingBatch NewBatch(int count)
    {
        TrainingBatch batch = new(count, channels: 1, Canvas);
        batch.Mask.AsSpan().Fill(1);
        return batch;
    }

    private void Write(TrainingBatch batch, int slot, Split source, int index, bool mirror)
    {
        int plane = Canvas * Canvas;
        ReadOnlySpan<byte> bytes = source.Pixels.Span.Slice(index * plane, plane);
        Span<float> target = batch.Pixels.AsSpan(slot * plane, plane);
        for (int i = 0; i < plane; i++)
        {
            int column = i % Canvas;
            target[i] = (bytes[mirror ? i - column + Canvas - 1 - column : i] / 127.5f) - 1;
        }

        batch.Labels[slot] = source.Labels.Span[index];
    }

    private sealed class Split
    {
        public Split(ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, int plane, int classCount)
        {
            if (pixels.Length != (long)plane * labels.Length)
            {
                throw new ArgumentException(
                    $"There are {pixels.Length} pixels for {labels.Length} labels; each picture has {plane}.");
            }

            foreach (byte label in labels.Span)
            {
                if (label >= classCount)
                {
                    throw new ArgumentException($"A label is {label}; labels go from 0 to {classCount - 1}.");
                }
            }

            (Pixels, Labels) = (pixels, labels);
        }

        public ReadOnlyMemory<byte> Pixels { get; }

        public ReadOnlyMemory<byte> Labels { get; }

        public int Count => Labels.Length;
    }
}
