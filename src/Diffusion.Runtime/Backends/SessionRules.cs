using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Backends;

/// <summary>What every backend asks of a network, a session and an evaluation.</summary>
public static class SessionRules
{
    /// <summary>The network makes pictures that a texture can hold, from what a request can say.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void RequireServable(UNetConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.ImageChannels != SampleRing.Channels)
        {
            throw new ArgumentException(
                $"The network makes pictures of {config.ImageChannels} channel; "
                + $"a texture has {SampleRing.Channels}, so that grey networks can be trained and evaluated only.");
        }

        if (config.ClassEmbedType == "identity")
        {
            throw new ArgumentException(
                "class_embed_type 'identity' takes an embedding for a class, " +
                "and a texture request has only a class label.");
        }
    }

    /// <summary>Width and height are multiples of the network's stride.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static void RequireSize(UNetConfig config, SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        int stride = config.Stride;
        if (options.Width <= 0 || options.Height <= 0 || options.Width % stride != 0 || options.Height % stride != 0)
        {
            throw new ArgumentException(
                $"The size {options.Width}x{options.Height} does not fit the network: " +
                $"width and height must be positive multiples of {stride}.",
                nameof(options));
        }
    }

    /// <summary>The size fits, and guidance has a null class.</summary>
    /// <param name="config">The network.</param>
    /// <param name="options">The session's shape.</param>
    /// <param name="nullLabel">The label of "no class", or -1 where the network has none.</param>
    /// <exception cref="ArgumentException">Either is not so.</exception>
    public static void RequireShape(UNetConfig config, SessionOptions options, int nullLabel)
    {
        RequireSize(config, options);
        if (options.Guided && nullLabel < 0)
        {
            throw new ArgumentException(
                "Guidance needs a network with a null class, which this one lacks.", nameof(options));
        }
    }

    /// <summary>What a chain starts from fits its ring.</summary>
    /// <param name="ring">The chain's.</param>
    /// <param name="image">Empty, or planar [3, H, W].</param>
    /// <param name="mask">Empty, or [H, W] with an image.</param>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void RequireStartImage(SampleRing ring, ReadOnlySpan<float> image, ReadOnlySpan<float> mask)
    {
        ArgumentNullException.ThrowIfNull(ring);
        if (image.Length != ring.PlaneLength && !(image.IsEmpty && mask.IsEmpty))
        {
            throw new ArgumentException(
                $"The image holds {image.Length} values; 3·H·W is {ring.PlaneLength}.", nameof(image));
        }

        if (!mask.IsEmpty && mask.Length != ring.Width * ring.Height)
        {
            throw new ArgumentException(
                $"The mask holds {mask.Length} values; H·W is {ring.Width * ring.Height}.", nameof(mask));
        }
    }

    /// <summary>A session made without guidance is asked for none.</summary>
    /// <exception cref="ArgumentException">It is asked for some.</exception>
    public static void RequireGuidance(in Evaluation evaluation, bool isGuided)
    {
        if (!isGuided && evaluation.IsGuided)
        {
            throw new ArgumentException(
                $"The guidance scale is {evaluation.GuidanceScale}; a session made without guidance takes 1.",
                nameof(evaluation));
        }
    }

    /// <summary>The slot that a chain's first x_t is written to; it is then published.</summary>
    /// <param name="ring">The chain's.</param>
    /// <param name="image">What the chain starts from: empty, or planar [3, H, W].</param>
    /// <param name="mask">What of it is kept: empty, or [H, W].</param>
    /// <exception cref="ArgumentException">The image or the mask has the wrong length.</exception>
    /// <exception cref="InvalidOperationException">Readers hold more leases than
    /// <see cref="SampleRing.ReaderSlots"/>.</exception>
    public static int TakeStartSlot(SampleRing ring, ReadOnlySpan<float> image, ReadOnlySpan<float> mask)
    {
        RequireStartImage(ring, image, mask);
        return ring.TryBeginWrite(out int slot)
            ? slot
            : throw new InvalidOperationException(
                $"Readers hold more than the {SampleRing.ReaderSlots} leases that a ring has room for.");
    }

    /// <summary>A mask of the second class covers the canvas of a session that has one.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void RequireClassMask(ReadOnlySpan<float> mask, SessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int pixels = options.Width * options.Height;
        if (!mask.IsEmpty && (!options.Mixed || mask.Length != pixels))
        {
            throw new ArgumentException(
                options.Mixed
                    ? $"The mask holds {mask.Length} values; H·W is {pixels}."
                    : "A session made without a second class takes no mask.",
                nameof(mask));
        }
    }

    /// <summary>Slices run in order, each once an evaluation.</summary>
    /// <param name="index">The slice that is to run.</param>
    /// <param name="next">The one whose turn it is; -1 before an evaluation.</param>
    /// <param name="slices">Those of the evaluation.</param>
    /// <exception cref="InvalidOperationException">It is not that one's turn.</exception>
    public static void RequireTurn(int index, int next, SliceRange slices)
    {
        if (index != next || index >= slices.End)
        {
            throw new InvalidOperationException(
                $"Slice {index} was asked for; slices run in order after BeginEvaluation, and "
                + (next == slices.End ? "all have run." : $"the next one is {next}."));
        }
    }

    /// <summary>A step completes after all slices.</summary>
    /// <param name="next">The slice whose turn it is; -1 before an evaluation.</param>
    /// <param name="slices">Those of the evaluation.</param>
    /// <exception cref="InvalidOperationException">Some have not run.</exception>
    public static void RequireAllRun(int next, SliceRange slices)
    {
        if (next != slices.End)
        {
            throw new InvalidOperationException(
                $"{Math.Max(0, next - slices.First)} of {slices.Count} slices have run; "
                + "a step completes after all of them.");
        }
    }

    /// <summary>Writes the classes of the batch, in the order of <see cref="SessionOptions.Batch"/>.</summary>
    /// <param name="config">A network with classes.</param>
    /// <param name="options">Whether there is a second class, and no class.</param>
    /// <param name="evaluation">The classes that are asked for.</param>
    /// <param name="nullLabel">The label of "no class", or -1 where the network has none.</param>
    /// <param name="labels">[<see cref="SessionOptions.Batch"/>]; left alone when this fails.</param>
    /// <exception cref="ArgumentException">The network has no such label.</exception>
    public static void WriteLabels(
        UNetConfig config, SessionOptions options, in Evaluation evaluation, int nullLabel, Span<long> labels)
    {
        ArgumentNullException.ThrowIfNull(options);
        int label = LabelFor(config, evaluation.ClassLabel, nullLabel);
        int second = options.Mixed ? LabelFor(config, evaluation.SecondLabel, nullLabel) : -1;
        labels.Fill(nullLabel);
        labels[0] = label;
        if (options.Mixed)
        {
            labels[1] = second;
        }
    }

    /// <summary>The class that was asked for, or the null class where none was.</summary>
    /// <param name="config">A network with classes.</param>
    /// <param name="asked">The label, or negative for none.</param>
    /// <param name="nullLabel">The label of "no class", or -1 where the network has none.</param>
    /// <exception cref="ArgumentException">The network has no such label.</exception>
    public static int LabelFor(UNetConfig config, int asked, int nullLabel)
    {
        ArgumentNullException.ThrowIfNull(config);
        int label = asked >= 0 ? asked : nullLabel;
        int rows = config.NumClassEmbeds;
        if (label < 0)
        {
            throw new ArgumentException(
                $"The class label is {asked}, and the network has no null class to take for it.");
        }

        // A class embedded like a timestep has no table, and so no upper end.
        return rows == 0 || label < rows
            ? label
            : throw new ArgumentException($"The class label is {asked}; the network has the labels 0 to {rows - 1}.");
    }
}
