namespace Diffusion.Onnx.Graphs;

/// <summary>A convolution's kernels or shifts, some of its output channels, in blocks of channels.</summary>
/// <param name="Weight">[O, I, h, w], or [O], as the model has it.</param>
/// <param name="First">The first output channel.</param>
/// <param name="End">The one behind the last; those that the model does not have are 0.</param>
/// <param name="Block">Channels of a block.</param>
/// <param name="InputOrder">The input channels in the order of what is read, or null where that is their own.</param>
internal sealed record PackedKernel(GraphValue Weight, long First, long End, int Block, long[]? InputOrder)
{
    /// <summary>Its name in a graph.</summary>
    public string Name => $"{Weight.Name}/{First}-{End}";

    /// <summary>[channels, I, h, w] with I filled up, or [channels].</summary>
    public long[] Shape => Weight.Shape.Length == 1
        ? [End - First]
        : [End - First, FilledInputs, .. Weight.Shape[2..]];

    // Fewer than a block are read as they are.
    private long FilledInputs => Weight.Shape.Length == 1 ? 1
        : Weight.Shape[1] < Block ? Weight.Shape[1]
        : (Weight.Shape[1] + Block - 1) / Block * Block;

    /// <summary>
    /// In the order [O/b, I/b, h, w, b of I, b of O], or [O/b, I, h, w, b of O] where I fills no block.
    /// </summary>
    /// <param name="values">Of the weight.</param>
    public float[] Pack(float[] values)
    {
        long inputs = Weight.Shape.Length > 1 ? Weight.Shape[1] : 1;
        long places = Weight.Shape.Length > 1 ? Weight.Shape[2] * Weight.Shape[3] : 1;
        long filled = FilledInputs;
        long together = filled % Block == 0 ? Block : 1;
        float[] packed = new float[(End - First) * filled * places];
        long at = 0;
        for (long block = First; block < End; block += Block)
        {
            for (long firstInput = 0; firstInput < filled; firstInput += together)
            {
                for (long place = 0; place < places; place++)
                {
                    for (long input = firstInput; input < firstInput + together; input++)
                    {
                        long read = InputOrder is null || input >= inputs ? input : InputOrder[input];
                        for (long output = block; output < block + Block; output++, at++)
                        {
                            packed[at] = output < Weight.Shape[0] && input < inputs
                                ? values[(((output * inputs) + read) * places) + place]
                                : 0;
                        }
                    }
                }
            }
        }

        return packed;
    }
}
