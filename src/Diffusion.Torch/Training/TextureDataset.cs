using System.Runtime.ExceptionServices;

namespace Diffusion.Torch.Training;

/// <summary>Textures in memory, drawn as a network with circular padding will meet them.</summary>
/// <remarks>
/// Classes are drawn evenly, so that eight pictures of lava count as much as a hundred of grass. A texture that wraps
/// is shown whole with a random roll; one that does not is cropped out of twice the canvas, and the crop's border,
/// whose neighbours over the edge are wrong, is left out of the loss. Classes made of parts show crops too: a second
/// scale. Immutable; any thread.
/// </remarks>
public sealed class TextureDataset : TrainingData
{
    /// <summary>Width of a crop's border that the loss leaves out, in pixels.</summary>
    public const int CropBorder = 8;

    private const double SecondScaleShare = 0.2;

    private static readonly HashSet<string> _secondScaleClasses = ["brick", "tiles", "metal", "paving"];

    private readonly string[] _classNames;
    private readonly List<TrainingTexture> _training;
    private readonly TrainingTexture[][] _byClass;
    private readonly List<TrainingTexture> _heldOut;

    private TextureDataset(int canvas, string[] classNames, List<TrainingTexture> training, List<TrainingTexture> heldOut)
        : base(canvas, channels: 3, classNames)
    {
        _classNames = classNames;
        _training = training;
        _heldOut = heldOut;
        _byClass = [.. classNames.Select(name => training.Where(t => t.ClassName == name).ToArray())];
    }

    /// <inheritdoc/>
    public override int TrainingCount => _training.Count;

    /// <inheritdoc/>
    public override int HeldOutCount => _heldOut.Count;

    /// <inheritdoc/>
    public override bool Seamless => true;

    /// <summary>Prepares pictures for training: resized, tested for seams, divided.</summary>
    /// <param name="images">Square pictures whose edge is a multiple of twice the canvas.</param>
    /// <param name="canvas">Edge of what the network is trained on, in pixels, more than twice <see
    /// cref="CropBorder"/>.</param>
    /// <exception cref="ArgumentException">There are no pictures, or one has the wrong size.</exception>
    public static TextureDataset Create(IEnumerable<TrainingImage> images, int canvas)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(canvas, 2 * CropBorder);
        var textures = Prepare(images, canvas);
        if (textures.Length == 0)
        {
            throw new ArgumentException("There are no pictures to train on.", nameof(images));
        }

        var (training, heldOut) = TextureSplit.Divide(textures);
        string[] classNames = [.. textures.Select(t => t.ClassName).Distinct().Order(StringComparer.Ordinal)];
        return new TextureDataset(canvas, classNames, training, heldOut);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Describe() => ClassNames
        .Select((name, label) =>
            $"{name,-14}{_byClass[label].Length,5} textures, {_byClass[label].Count(t => t.Wraps)} wrap")
        .Append($"{HeldOutCount} held out");

    /// <inheritdoc/>
    internal override TrainingBatch Draw(ref CounterRandom random, int count)
    {
        var batch = NewBatch(count);
        for (var slot = 0; slot < count; slot++)
        {
            var label = random.NextInt(ClassNames.Count);
            var ofClass = _byClass[label];
            var texture = ofClass[random.NextInt(ofClass.Length)];
            batch.Labels[slot] = label;

            // Mirrored only left to right: many of these textures are lit from above.
            var mirror = random.NextInt(2) == 1;
            var secondScale = random.NextDouble() < SecondScaleShare && _secondScaleClasses.Contains(texture.ClassName);
            if (texture.Wraps && !secondScale)
            {
                Write(batch, slot, texture.Tile, Canvas, random.NextInt(Canvas), random.NextInt(Canvas), mirror);
                MaskBorder(batch, slot, 0);
            }
            else
            {
                // A wrapping texture may be cut across its seam.
                var large = 2 * Canvas;
                var range = texture.Wraps ? large : large - Canvas + 1;
                Write(batch, slot, texture.Large, large, random.NextInt(range), random.NextInt(range), mirror);
                MaskBorder(batch, slot, CropBorder);
            }
        }

        return batch;
    }

    /// <inheritdoc/>
    /// <remarks>Textures that do not wrap lose their border in the mask.</remarks>
    internal override TrainingBatch Whole(IReadOnlyList<int> indices, bool isHeldOut)
    {
        var source = isHeldOut ? _heldOut : _training;
        var batch = NewBatch(indices.Count);
        for (var slot = 0; slot < indices.Count; slot++)
        {
            var texture = source[indices[slot]];
            batch.Labels[slot] = Array.IndexOf(_classNames, texture.ClassName);
            Write(batch, slot, texture.Tile, Canvas, 0, 0, mirror: false);
            MaskBorder(batch, slot, texture.Wraps ? 0 : CropBorder);
        }

        return batch;
    }

    private static TrainingTexture[] Prepare(IEnumerable<TrainingImage> images, int canvas)
    {
        try
        {
            return [.. images.AsParallel().AsOrdered().Select(image => TrainingTexture.From(image, canvas))];
        }
        catch (AggregateException several)
        {
            // One bad picture is enough to tell the caller of.
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
            throw;
        }
    }

    private TrainingBatch NewBatch(int count) =>
        new(new float[count * 3 * Canvas * Canvas], new float[count * Canvas * Canvas], new long[count]);

    private void Write(TrainingBatch batch, int slot, byte[] source, int edge, int left, int top, bool mirror)
    {
        var plane = Canvas * Canvas;
        var target = batch.Pixels.AsSpan(slot * 3 * plane, 3 * plane);
        for (var y = 0; y < Canvas; y++)
        {
            var row = (top + y) % edge * edge;
            for (var x = 0; x < Canvas; x++)
            {
                var from = 3 * (row + ((left + (mirror ? Canvas - 1 - x : x)) % edge));
                for (var c = 0; c < 3; c++)
                {
                    target[(c * plane) + (y * Canvas) + x] = (source[from + c] / 127.5f) - 1;
                }
            }
        }
    }

    private void MaskBorder(TrainingBatch batch, int slot, int border)
    {
        var inner = Canvas - (2 * border);
        for (var y = border; y < Canvas - border; y++)
        {
            batch.Mask.AsSpan((slot * Canvas * Canvas) + (y * Canvas) + border, inner).Fill(1);
        }
    }
}
