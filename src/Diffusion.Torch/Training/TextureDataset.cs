using System.Runtime.ExceptionServices;

namespace Diffusion.Torch.Training;

/// <summary>Textures in memory, drawn as a network with circular padding will meet them.</summary>
/// <remarks>
/// Classes are drawn by the square root of their sizes: between evenly, which would learn the small ones by heart, and
/// by size, which would forget them. A texture that wraps is shown whole with a random roll; one that does not is
/// cropped out of twice the canvas, and the crop's border, whose neighbours over the edge are wrong, is left out of the
/// loss. Classes made of parts show crops too: a second scale. Immutable; any thread.
/// </remarks>
public sealed class TextureDataset : TrainingData
{
    /// <summary>Width of a crop's border that the loss leaves out, in pixels.</summary>
    public const int CropBorder = 8;

    private const double SecondScaleShare = 0.2;

    // How the names of such classes begin.
    private static readonly string[] _parts =
        ["ashlar", "brick", "cobblestone", "flagstone", "metal", "pavers", "paving", "tiles"];

    private readonly string[] _classNames;
    private readonly List<TrainingTexture> _training;
    private readonly TrainingTexture[][] _byClass;
    private readonly double[] _shares;
    private readonly List<TrainingTexture> _heldOut;

    private TextureDataset(
        int canvas, string[] classNames, List<TrainingTexture> training, List<TrainingTexture> heldOut)
        : base(canvas, channels: 3, classNames)
    {
        _classNames = classNames;
        _training = training;
        _heldOut = heldOut;
        _byClass = [.. classNames.Select(name => training.Where(t => t.ClassName == name).ToArray())];
        var roots = _byClass.Select(ofClass => Math.Sqrt(ofClass.Length)).ToArray();
        _shares = [.. roots.Select(root => root / roots.Sum())];
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
        var batch = new TrainingBatch(count, Channels, Canvas);
        for (var slot = 0; slot < count; slot++)
        {
            var (texture, augmentation) = Choose(batch, slot, ref random);
            var secondScale = random.NextDouble() < SecondScaleShare && IsMadeOfParts(texture.ClassName);
            if (texture.Wraps && !secondScale)
            {
                Write(batch, slot, texture.Tile, Canvas, random.NextInt(Canvas), random.NextInt(Canvas), augmentation);
                MaskBorder(batch, slot, 0);
            }
            else
            {
                // A wrapping texture may be cut across its seam.
                var range = texture.Wraps ? 2 * Canvas : Canvas + 1;
                Write(batch, slot, texture.Large, 2 * Canvas, random.NextInt(range), random.NextInt(range), augmentation);
                MaskBorder(batch, slot, CropBorder);
            }
        }

        return batch;
    }

    /// <inheritdoc/>
    internal override TrainingBatch DrawLarge(ref CounterRandom random, int count)
    {
        var large = 2 * Canvas;
        var batch = new TrainingBatch(count, Channels, large);
        for (var slot = 0; slot < count; slot++)
        {
            var (texture, augmentation) = Choose(batch, slot, ref random);
            var range = texture.Wraps ? large : 1;
            Write(batch, slot, texture.Large, large, random.NextInt(range), random.NextInt(range), augmentation);
            MaskBorder(batch, slot, texture.Wraps ? 0 : CropBorder);
        }

        return batch;
    }

    /// <inheritdoc/>
    /// <remarks>Textures that do not wrap lose their border in the mask.</remarks>
    internal override TrainingBatch Whole(IReadOnlyList<int> indices, bool isHeldOut)
    {
        var source = isHeldOut ? _heldOut : _training;
        var batch = new TrainingBatch(indices.Count, Channels, Canvas);
        for (var slot = 0; slot < indices.Count; slot++)
        {
            var texture = source[indices[slot]];
            batch.Labels[slot] = Array.IndexOf(_classNames, texture.ClassName);
            Write(batch, slot, texture.Tile, Canvas, 0, 0, new TextureAugmentation());
            MaskBorder(batch, slot, texture.Wraps ? 0 : CropBorder);
        }

        return batch;
    }

    private static bool IsMadeOfParts(string className) =>
        _parts.Any(part => className.StartsWith(part, StringComparison.Ordinal));

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

    private (TrainingTexture Texture, TextureAugmentation Augmentation) Choose(
        TrainingBatch batch, int slot, ref CounterRandom random)
    {
        var label = ChooseClass(random.NextDouble());
        var ofClass = _byClass[label];
        var texture = ofClass[random.NextInt(ofClass.Length)];
        batch.Labels[slot] = label;
        return (texture, TextureAugmentation.Draw(texture.ClassName, ref random));
    }

    private int ChooseClass(double share)
    {
        var label = 0;
        while (label < _shares.Length - 1 && (share -= _shares[label]) >= 0)
        {
            label++;
        }

        return label;
    }

    private static void Write(
        TrainingBatch batch, int slot, byte[] tile, int edge, int left, int top, TextureAugmentation augmentation)
    {
        var size = 3 * batch.Edge * batch.Edge;
        augmentation.Copy(tile, edge, left, top, batch.Pixels.AsSpan(slot * size, size), batch.Edge);
    }

    private static void MaskBorder(TrainingBatch batch, int slot, int border)
    {
        var edge = batch.Edge;
        for (var y = border; y < edge - border; y++)
        {
            batch.Mask.AsSpan((slot * edge * edge) + (y * edge) + border, edge - (2 * border)).Fill(1);
        }
    }
}
