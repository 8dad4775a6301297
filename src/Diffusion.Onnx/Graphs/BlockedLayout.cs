using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Diffusion.Onnx.Graphs;

/// <summary>ONNX Runtime's own layout of canvases on a CPU: channels in blocks of as many as a register holds.</summary>
/// <remarks>
/// ONNX Runtime brings the canvases of a graph into blocks when it loads it, and back at its ends. A graph that is
/// written in blocks needs neither at its cuts, and leaves nothing to fuse that would depend on them: whatever is run
/// at once, the bits are the same. How many channels a block has depends on the processor; that operator set is there
/// to be loaded from optimised files and may change, so that what it computes is compared with ONNX's own before it is
/// used.
/// </remarks>
internal static class BlockedLayout
{
    /// <summary>The operator set of what reads and writes it.</summary>
    public const string Domain = "com.microsoft.nchwc";

    // Relative to the largest value: sums of some hundred products in another order.
    private const float Rounding = 1e-5f;

    private static readonly int[] _candidates = [16, 8];

    /// <summary>Channels of a block on this machine; 0 where graphs in blocks do not run or compute something else.
    /// </summary>
    public static int Find() => Array.Find(_candidates, IsRight);

    private static bool IsRight(int block)
    {
        try
        {
            float[] expected = Compute(block, isBlocked: false);
            float[] actual = Compute(block, isBlocked: true);
            float limit = Rounding * expected.Max(MathF.Abs);
            return expected.Zip(actual).All(pair => MathF.Abs(pair.First - pair.Second) <= limit);
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
    }

    // One of each operation: a canvas of few channels, whole and in rows; blocks into blocks, with a sum; enlarged.
    private static float[] Compute(int block, bool isBlocked)
    {
        const int Size = 6;
        Graph graph = new();
        GraphLayers layers = new(graph, isSeamless: false, double.PositiveInfinity, isBlocked ? block : 0);
        graph.Enter("probe");
        GraphValue input = graph.Input("input", false, 1, 3, Size, Size);
        GraphValue wide = layers.Convolve("few", input, 2 * block);
        GraphValue sum = layers.Convolve("sum", wide, 2 * block, sum: wide);
        GraphValue large = layers.Enlarge(layers.Convolve("point", sum, block, kernel: 1));
        graph.Plain(layers.Convolve("last", layers.Concat(1, large, layers.Enlarge(sum)), block - 1, stride: 2));
        graph.NameNewest("output");
        graph.EndStage();
        GraphPart part = GraphCutter.Whole(graph, "probe");
        using MemoryStream file = new();
        OnnxModelFile.Write(
            file, part, weight => graph.ValuesOf(weight, Values), value => [.. value.Shape.Cast<object>()]);
        using OrtSessionOptions options = OnnxEnvironment.CreateOptions();
        options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
        using InferenceSession session = new(file.ToArray(), options);
        using OrtValue canvas = OrtValue.CreateTensorValueFromMemory(Values(input), input.Shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> made = session.Run(
            run, ["input"], [canvas], ["output"]);
        return made[0].GetTensorDataAsSpan<float>().ToArray();
    }

    // Numbers without a pattern, other ones for each tensor.
    private static float[] Values(GraphValue value) => [.. Enumerable.Range(1, (int)value.ElementCount)
        .Select(i => (float)Math.Sin((i * 1.7) + (value.Name.Length * i * i)))];
}
