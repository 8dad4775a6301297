using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Weights;

namespace Diffusion.Render.Compute.Planning;

/// <summary>What the blocks of a network write their dispatches into.</summary>
/// <param name="batch">Samples that tensors have room for.</param>
/// <param name="samples">How many of them are evaluated, the first ones.</param>
/// <param name="seamless">Whether 3x3 convolutions wrap around.</param>
/// <param name="tuning">Choices of the device.</param>
/// <param name="input">What the host writes.</param>
/// <param name="precision">How activations are kept; embeddings, normalisations and the network's ends are
/// float32.</param>
internal sealed class PlanWriter(
    int batch, int samples, bool seamless, ComputeTuning tuning, InputLayout input, StoragePrecision precision)
{
    private const int Bindings = 8;
    private const int FirstBinding = 0;
    private const int SecondBinding = 1;
    private const int WeightBinding = 2;
    private const int BiasBinding = 3;
    private const int NormBinding = 4;
    private const int EmbeddingBinding = 5;
    private const int ResidualBinding = 6;
    private const int TargetBinding = 7;
    private const int Tile = 8;
    private const int LinearThreads = 64;
    private const int AttentionQueries = 16;
    private const int AttentionWidth = 64;

    // Operations of a normalisation and its activation per value; of a sum of squares; of a softmax.
    private const double NormFlops = 5;
    private const double StatisticsFlops = 4;
    private const double SoftmaxFlops = 4;

    // Rows of pixels that a word of activations holds: see stored.glsl.
    private readonly int _rows = precision == StoragePrecision.Half ? 2 : 1;
    private readonly uint _isHalf = precision == StoragePrecision.Half ? 1u : 0;
    private readonly List<PlannedTensor> _tensors = [];
    private readonly List<PlannedDispatch> _dispatches = [];
    private readonly List<PlannedSlice> _slices = [];
    private readonly Stack<Activations> _skips = new();
    private int _sliceStart;

    private double ElementSize => sizeof(float) / (double)_rows;

    public int Batch => batch;

    public InputLayout Input => input;

    /// <summary>The activations that the last block handed on.</summary>
    public Activations Hidden { get; set; }

    /// <summary>The embedding of time and class [N, E].</summary>
    public PlannedTensor Embedding { get; set; } = null!;

    public IReadOnlyList<PlannedTensor> Tensors => _tensors;

    public IReadOnlyList<PlannedDispatch> Dispatches => _dispatches;

    public IReadOnlyList<PlannedSlice> Slices => _slices;

    public void PushSkip() => _skips.Push(Hidden);

    public Activations PopSkip() => _skips.Pop();

    /// <summary>Ends a slice: what was written since the last belongs to it.</summary>
    public void EndSlice(string name)
    {
        _slices.Add(new PlannedSlice(name, _sliceStart, _dispatches.Count - _sliceStart, Hidden));
        _sliceStart = _dispatches.Count;
    }

    public Activations Convolve(in ConvolutionCall call)
    {
        int up = call.Upsamples ? 1 : 0;
        int stride = Math.Max(1, call.Stride);
        int height = (call.Input.Height << up) / stride;
        int width = (call.Input.Width << up) / stride;
        int outputs = call.Weights.Weight.Rows;
        int inputs = call.Input.Channels + (call.Skip?.Channels ?? 0);
        Activations output = Create(call.Name, outputs, height, width);
        ConvolutionTile tile = TileOf(call.Kernel, stride, inputs, outputs, Blocks(width, Tile) * Blocks(height, Tile));
        int outTiles = Blocks(outputs, tile.Outputs);
        uint flags = (seamless && call.Kernel > 1 ? 1u : 0)
            | (call.Norm is null ? 0 : 2u)
            | (call.Upsamples ? 4u : 0)
            | (call.Embedding is null ? 0 : 8u)
            | (call.Residual is null ? 0 : 16u)
            | (call.UpsamplesResidual ? 32u : 0);
        double outElements = (double)samples * outputs * height * width;
        double inElements = (double)samples * inputs * call.Input.Pixels;
        double passes = call.Norm is null && call.Activation == Activation.None ? 0 : 1;
        double extra = (call.Embedding is null ? 0 : 1) + (call.Residual is null ? 0 : 1);
        BufferRange[] bindings = NewBindings(call.Input.Range, output.Range);
        bindings[SecondBinding] = call.Skip?.Range ?? call.Input.Range;
        bindings[WeightBinding] = call.Weights.Weight;
        bindings[BiasBinding] = call.Weights.Bias;
        bindings[NormBinding] = call.Norm is null ? call.Weights.Bias : call.Norm;
        bindings[EmbeddingBinding] = call.Embedding is null ? call.Weights.Bias : call.Embedding;
        bindings[ResidualBinding] = call.Residual ?? call.Input.Range;
        Add(new PlannedDispatch
        {
            Kernel = tile.Kernel,
            Bindings = bindings,
            Push = PushWords.Of(
                flags,
                (uint)call.Activation,
                (uint)call.Input.Channels,
                (uint)(call.Skip?.Channels ?? 0),
                (uint)outputs,
                (uint)call.Weights.Weight.PaddedRows,
                (uint)outTiles,
                (uint)call.Input.Height,
                (uint)call.Input.Width,
                (uint)height,
                (uint)width,
                call.Kernel == 1 || call.IsAsymmetric ? 0u : 1u,
                (uint)outputs,
                PushWords.Bits(call.OutputScale == 0 ? 1 : call.OutputScale)),
            Groups = (Blocks(width, tile.Width), Blocks(height, tile.Height), outTiles * samples),
            Flops = (2.0 * outElements * inputs * call.Kernel * call.Kernel)
                + (passes * NormFlops * inElements) + ((1 + extra) * outElements),
            Bytes = call.Weights.Weight.SizeInBytes
                + (ElementSize * (inElements + (outElements * (call.Residual is null ? 1 : 2)))),
        });
        return output;
    }

    /// <summary>Scale and shift of each channel by which a reader normalises.</summary>
    /// <param name="name">Of the layer.</param>
    /// <param name="weights">Gamma and beta.</param>
    /// <param name="groups">Normalisation groups.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="input">What is normalised.</param>
    /// <param name="skip">Appended to its channels, or null.</param>
    /// <param name="scaleShift">[N, 2·C] from the embedding, or null.</param>
    public PlannedTensor Normalize(
        string name, WeightPair weights, int groups, double epsilon, in Activations input,
        Activations? skip = null, PlannedTensor? scaleShift = null)
    {
        int channels = input.Channels + (skip?.Channels ?? 0);
        PlannedTensor output = NewTensor(name, 2L * batch * channels);
        double elements = (double)samples * channels * input.Pixels;
        BufferRange[] bindings = NewBindings(input.Range, output);
        bindings[SecondBinding] = skip?.Range ?? input.Range;
        bindings[WeightBinding] = weights.Weight;
        bindings[BiasBinding] = weights.Bias;
        bindings[NormBinding] = scaleShift is null ? weights.Bias : scaleShift;
        Add(new PlannedDispatch
        {
            Kernel = new KernelKey("group_norm.comp", (uint)tuning.NormThreads, _isHalf),
            Bindings = bindings,
            Push = PushWords.Of(
                (uint)input.Channels, (uint)(channels - input.Channels), (uint)(channels / groups),
                (uint)PlaneWords(input.Height, input.Width), (uint)(input.Height / _rows * input.Width),
                (uint)input.Pixels, scaleShift is null ? 0u : 1u, PushWords.Bits(epsilon)),
            Groups = (groups, samples, 1),
            Flops = StatisticsFlops * elements,
            Bytes = ElementSize * elements,
        });
        return output;
    }

    /// <summary>A linear layer on [N, inputs].</summary>
    public PlannedTensor Multiply(
        string name, WeightPair weights, in BufferRange input, Activation before = Activation.None,
        Activation after = Activation.None, BufferRange? addend = null)
    {
        int outputs = weights.Weight.Rows;
        int inputs = weights.Weight.Columns;
        PlannedTensor output = NewTensor(name, (long)batch * outputs);
        BufferRange[] bindings = NewBindings(input, output);
        bindings[WeightBinding] = weights.Weight;
        bindings[BiasBinding] = weights.Bias;
        bindings[ResidualBinding] = addend ?? weights.Bias;
        Add(new PlannedDispatch
        {
            Kernel = new KernelKey("linear.comp", _isHalf),
            Bindings = bindings,
            Push = PushWords.Of(
                (uint)inputs, (uint)outputs, (uint)weights.Weight.PaddedRows, (uint)before, (uint)after,
                addend is null ? 0u : 1u),
            Groups = (Blocks(outputs, LinearThreads), samples, 1),
            Flops = 2.0 * samples * inputs * outputs,
            Bytes = weights.Weight.SizeInBytes + (sizeof(float) * (double)samples * (inputs + outputs)),
        });
        return output;
    }

    /// <summary>Attention over queries, keys and values stacked in one tensor [N, 3·heads·d, H, W].</summary>
    public Activations Attend(string name, in Activations stacked, int heads, int headWidth)
    {
        int tokens = stacked.Pixels;
        int places = PlaneWords(stacked.Height, stacked.Width) * _rows;
        int inner = heads * headWidth;
        Activations output = Create(name, inner, stacked.Height, stacked.Width);
        double scores = (double)samples * heads * tokens * tokens;
        Add(new PlannedDispatch
        {
            Kernel = new KernelKey("attention.comp", _isHalf),
            Bindings = NewBindings(stacked.Range, output.Range),
            Push = PushWords.Of(
                (uint)places, (uint)((2 * tokens) - places), (uint)heads, (uint)headWidth,
                PushWords.Bits(1 / Math.Sqrt(headWidth))),
            Groups = (Blocks(places, AttentionQueries), heads * samples, Blocks(headWidth, AttentionWidth)),
            Flops = (4 * scores * headWidth) + (SoftmaxFlops * scores),
            Bytes = 4.0 * ElementSize * samples * inner * tokens,
        });
        return output;
    }

    /// <summary>Averages squares of pixels; a factor of 1 copies, and joins input and skip.</summary>
    public Activations Pool(
        string name, in Activations input, int factor, Activations? skip = null, PlannedTensor? norm = null,
        Activation activation = Activation.None)
    {
        int channels = input.Channels + (skip?.Channels ?? 0);
        Activations output = Create(name, channels, input.Height / factor, input.Width / factor);
        double elements = (double)samples * channels * input.Pixels;
        BufferRange[] bindings = NewBindings(input.Range, output.Range);
        bindings[SecondBinding] = skip?.Range ?? input.Range;
        bindings[NormBinding] = norm is null ? input.Range : norm;
        Add(new PlannedDispatch
        {
            Kernel = new KernelKey("pool.comp", (uint)factor, _isHalf),
            Bindings = bindings,
            Push = PushWords.Of(
                norm is null ? 0u : 1u, (uint)activation, (uint)input.Channels, (uint)(channels - input.Channels),
                (uint)output.Height, (uint)output.Width),
            Groups = (Blocks(output.Width, Tile), Blocks(output.Height, Tile * _rows), channels * samples),
            Flops = (norm is null ? 1 : 1 + NormFlops) * elements,
            Bytes = ElementSize * (elements + (elements / (factor * factor))),
        });
        return output;
    }

    /// <summary>Pixel unshuffle of the picture that the host wrote.</summary>
    public Activations Patch(string name, in Activations picture, int edge, bool centres)
    {
        Activations output = Create(
            name, picture.Channels * edge * edge, picture.Height / edge, picture.Width / edge);
        AddPatch(picture, picture.Range, output.Range, edge, undo: false, centres, picture.Range);
        return output;
    }

    /// <summary>Pixel shuffle into the buffer that the host reads.</summary>
    /// <param name="patched">The network's output.</param>
    /// <param name="edge">Edge of the patch.</param>
    /// <param name="times">[N] network times to divide by, or null.</param>
    public Activations Unpatch(in Activations patched, int edge, BufferRange? times)
    {
        int channels = patched.Channels / (edge * edge);
        long size = sizeof(float) * (long)batch * patched.Channels * patched.Pixels;
        Activations picture = new(
            BufferRange.Output(size), channels, patched.Height * edge, patched.Width * edge);
        AddPatch(picture, patched.Range, picture.Range, edge, undo: true, times is not null, times ?? patched.Range);
        return picture;
    }

    /// <summary>A tensor of so many words, float32 or two float16 each.</summary>
    public PlannedTensor NewTensor(string name, long words)
    {
        PlannedTensor tensor = new(name, words * sizeof(float));
        _tensors.Add(tensor);
        return tensor;
    }

    private static int Blocks(int size, int block) => (size + block - 1) / block;

    private static BufferRange[] NewBindings(in BufferRange first, in BufferRange target)
    {
        var bindings = new BufferRange[Bindings];
        bindings[FirstBinding] = first;
        bindings[TargetBinding] = target;
        return bindings;
    }

    // Matrices are of float16; with fewer channels than theirs they would mostly multiply zeros.
    private ConvolutionTile TileOf(int kernel, int stride, int inputs, int outputs, int tiles)
    {
        if (precision == StoragePrecision.Half && tuning.Matrices is { } shape && inputs >= shape.K
            && outputs >= shape.M)
        {
            return ConvolutionTile.Of(shape, kernel, stride);
        }

        int groups = tuning.GroupsFor(outputs, tiles * batch);
        KernelKey key = new(
            "conv.comp", (uint)groups, (uint)kernel, (uint)stride,
            (uint)(kernel == 1 ? tuning.PointwiseChannels : tuning.Channels), _isHalf,
            tuning.BroadcastsInSubgroups ? 1u : 0);
        return new ConvolutionTile(Tile, Tile, 8 * groups, key);
    }

    private int PlaneWords(int height, int width) => Blocks(height, _rows) * width;

    private Activations Create(string name, int channels, int height, int width) =>
        new(NewTensor(name, (long)batch * channels * PlaneWords(height, width)), channels, height, width);

    private void AddPatch(
        in Activations picture, in BufferRange source, in BufferRange target, int edge, bool undo, bool flag,
        in BufferRange times)
    {
        BufferRange[] bindings = NewBindings(source, target);
        bindings[SecondBinding] = times;
        double elements = (double)samples * picture.Channels * picture.Pixels;
        Add(new PlannedDispatch
        {
            Kernel = new KernelKey("patch.comp", undo ? 1u : 0, _isHalf),
            Bindings = bindings,
            Push = PushWords.Of(
                (uint)picture.Channels, (uint)picture.Height, (uint)picture.Width, (uint)edge, flag ? 1u : 0),
            Groups = (Blocks(picture.Width, Tile), Blocks(picture.Height, Tile), picture.Channels * samples),
            Flops = flag ? 2 * elements : 0,
            Bytes = (sizeof(float) + ElementSize) * elements,
        });
    }

    private void Add(PlannedDispatch dispatch)
    {
        foreach (BufferRange range in dispatch.Bindings)
        {
            range.Tensor?.Use(_dispatches.Count);
        }

        _dispatches.Add(dispatch);
    }
}
