namespace Diffusion.Render.Compute.Planning;

/// <summary>What is written before an evaluation, and where: two buffers of float32.</summary>
/// <param name="Picture">The scaled sample [N, C, H, W], in a buffer of its own.</param>
/// <param name="Levels">Network times [N].</param>
/// <param name="Time">Their features [N, P].</param>
/// <param name="Class">Class embeddings [N, E], or features of class labels [N, P], or null.</param>
/// <param name="SizeInBytes">Of the buffer that holds the rest.</param>
internal sealed record InputLayout(
    Activations Picture, BufferRange Levels, BufferRange Time, BufferRange? Class, long SizeInBytes)
{
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="timeWidth">P.</param>
    /// <param name="classWidth">Of the last part; 0 for none.</param>
    public static InputLayout Create(int batch, int channels, int height, int width, int timeWidth, int classWidth)
    {
        long size = 0;
        BufferRange picture = BufferRange.Picture(sizeof(float) * (long)batch * channels * height * width);
        BufferRange levels = Take(batch);
        BufferRange time = Take((long)batch * timeWidth);
        BufferRange? classes = classWidth == 0 ? default(BufferRange?) : Take((long)batch * classWidth);
        return new InputLayout(new Activations(picture, channels, height, width), levels, time, classes, size);

        BufferRange Take(long elements)
        {
            BufferRange range = BufferRange.Input(size, elements * sizeof(float));
            size = Arena.RoundUp(size + range.SizeInBytes);
            return range;
        }
    }
}
