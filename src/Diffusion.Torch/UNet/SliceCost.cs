namespace Diffusion.Torch.UNet;

/// <summary>Counts a slice's arithmetic and memory traffic while a shape walks through the network.</summary>
/// <remarks>
/// A multiply-add counts 2. Bytes are what each operation moves: weights, inputs and outputs as float32.
/// </remarks>
internal sealed class SliceCost(int batch, int height, int width)
{
    private Stack<int> _skips = new();

    /// <summary>A copy of the shape, skips included, with nothing counted.</summary>
    public SliceCost(SliceCost shape)
        : this(shape.Batch, shape.Height, shape.Width)
    {
        Channels = shape.Channels;
        _skips = new Stack<int>(shape._skips.Reverse());
    }

    public int Batch { get; } = batch;

    public int Height { get; set; } = height;

    public int Width { get; set; } = width;

    /// <summary>Channels of the current activations.</summary>
    public int Channels { get; set; }

    public double Flops { get; private set; }

    public double Bytes { get; private set; }

    private double Pixels => (double)Batch * Height * Width;

    /// <summary>Takes the shape of <paramref name="other"/>, which is not used any more.</summary>
    public void Become(SliceCost other) =>
        (Height, Width, Channels, _skips) = (other.Height, other.Width, other.Channels, other._skips);

    public void Reset() => (Flops, Bytes) = (0, 0);

    public void PushSkip() => _skips.Push(Channels);

    public void PopSkip() => Channels += _skips.Pop();

    /// <summary>Doubles or halves the canvas.</summary>
    public void Resample(bool up) => (Height, Width) = up ? (Height * 2, Width * 2) : (Height / 2, Width / 2);

    /// <summary>A convolution whose output has the current height and width.</summary>
    public void Convolve(int inputs, int outputs, int kernel, int stride = 1)
    {
        double weights = (double)inputs * outputs * kernel * kernel;
        Flops += 2 * weights * Pixels;
        Move(weights + outputs + (Pixels * ((inputs * (double)stride * stride) + outputs)));
    }

    /// <summary>A linear layer on <paramref name="rows"/> rows.</summary>
    public void Multiply(int inputs, int outputs, double rows)
    {
        Flops += 2.0 * inputs * outputs * rows;
        Move(((double)inputs * outputs) + outputs + (rows * (inputs + outputs)));
    }

    /// <summary>An operation per element on the current shape, reading and writing it once.</summary>
    public void Elementwise(int channels, double flopsPerElement)
    {
        Flops += flopsPerElement * channels * Pixels;
        Move(2 * channels * Pixels);
    }

    /// <summary>A group normalisation, which reads once for the statistics and once more for the values.</summary>
    public void Normalise(int channels)
    {
        Flops += 4.0 * channels * Pixels;
        Move(3 * channels * Pixels);
    }

    /// <summary>Scores and weighted sum of attention over all pixels.</summary>
    public void Attend(int channels)
    {
        double tokens = (double)Height * Width;
        Flops += 4.0 * Batch * tokens * tokens * channels;
        Move(4 * channels * Pixels);
    }

    private void Move(double elements) => Bytes += elements * sizeof(float);
}
