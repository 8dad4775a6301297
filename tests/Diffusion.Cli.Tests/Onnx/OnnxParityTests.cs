using CsCheck;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Compute;
using Diffusion.Onnx;
using Diffusion.Onnx.Graphs;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>The network on ONNX Runtime against the Torch one, slice by slice.</summary>
public sealed class OnnxParityTests
{
    /// <summary>The same sums in another order, twenty layers deep.</summary>
    private const double Rounding = 1e-4;

    // So little that every stage is a piece, and every convolution is in as many parts as it has rows or groups of
    // channels.
    private const double Crumbs = 1;

    [Fact]
    public void Slices_RandomNetworksAndShapes_EqualTorch() => NetworkGenerator.Cases.Sample(
        test =>
        {
            using TestModel model = new(test.Config, test.Seed);
            AssertEqual(
                model.Network,
                model.Folder,
                test,
                test.Seed % 2 == 0 ? Crumbs : double.PositiveInfinity,
                isBlocked: test.Seed % 4 < 2);
        },
        iter: 30,
        threads: 1);

    [Theory]
    [InlineData(double.PositiveInfinity, false, true)]
    [InlineData(GraphCutter.WorkPerPiece, true, true)]
    [InlineData(GraphCutter.WorkPerPiece, true, false)]
    [InlineData(Crumbs, true, true)]
    [InlineData(Crumbs, false, false)]
    public void Slices_ShippedWeights_EqualTorch(double workPerPiece, bool isSeamless, bool isBlocked)
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using UNet2DModel network = UNetWeights.Load(folder);

        AssertEqual(network, folder, new NetworkCase(folder.Config, 1, 64, 96, isSeamless, 3), workPerPiece, isBlocked);
    }

    [Fact]
    public void Pieces_LargeCanvas_HoldNoMoreThanTheyMayAndAllOfTheWork()
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        NetworkShape shape = new(256, 256, IsSeamless: true);

        IReadOnlyList<GraphPart> slices = GraphCutter.BySlices(UNetGraph.Build(folder.Config, shape));
        IReadOnlyList<GraphPart> pieces = GraphCutter.ByWork(
            UNetGraph.Build(folder.Config, shape, GraphCutter.WorkPerPiece), GraphCutter.WorkPerPiece);

        // Bands are whole rows, and groups of channels are blocks. Attention is not cut; the shipped network has it
        // where the canvas is smallest.
        Assert.True(slices.Max(Products) > 10 * GraphCutter.WorkPerPiece);
        Assert.All(
            pieces.Where(piece => !piece.Name.Contains("attentions", StringComparison.Ordinal)),
            piece => Assert.InRange(Products(piece), 0, 1.5 * GraphCutter.WorkPerPiece));
        double whole = slices.Sum(Products);
        Assert.Equal(whole, pieces.Sum(Products), whole * 1e-9);
        Assert.Equal(slices.Select(slice => slice.Name), pieces.Select(piece => piece.Name.Split(' ')[0]).Distinct());

        static double Products(GraphPart part) =>
            part.Nodes.Where(node => node.Op is "Conv" or "Gemm" or "MatMul").Sum(node => node.Flops);
    }

    [Fact]
    public void SliceInfo_OneConvolution_CountsMultiplyAddsTwiceAndEachByteOnce()
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using OnnxBackend backend = new(folder, threads: 0, double.PositiveInfinity, block: 0);
        using IDenoiserSession session = backend.CreateSession(
            new SessionOptions { Width = 64, Height = 32 });

        // Of the shipped network: the first level's channels to as many, onto a quarter of its pixels.
        SliceInfo down = session.Slices.Single(slice => slice.Name == "down_blocks.0.downsamplers.0");
        double channels = folder.Config.BlockOutChannels[0];
        double pixels = (64.0 / folder.Config.PatchSize / 2) * (32 / folder.Config.PatchSize / 2);
        double weights = (9 * channels * channels) + channels;
        Assert.InRange(down.Flops / (2 * 9 * channels * channels * pixels), 1, 1.02);
        Assert.Equal(4 * (weights + (channels * pixels * (4 + 1))), down.Bytes);
    }

    [Fact]
    public void Buffers_ValuesNeededTogether_LieApart()
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        Graph graph = UNetGraph.Build(folder.Config, new NetworkShape(64, 64, IsSeamless: true));
        IReadOnlyList<GraphPart> parts = GraphCutter.BySlices(graph);
        BufferPlan plan = new(graph.Inputs, parts);

        // The value that stands at each place, as the parts run.
        Dictionary<long, string> bytes = [];
        Write(graph.Inputs);
        foreach (GraphPart part in parts)
        {
            Assert.All(part.Inputs, Read);
            Write(part.Outputs);

            // Nothing that a part reads may be under what it writes.
            Assert.All(part.Inputs, Read);
        }

        Read(graph.Output);
        long sum = plan.Values.Sum(value => value.SizeInBytes);
        Assert.InRange(plan.SizeInBytes, 1, 2 * sum / 3);

        void Write(IEnumerable<GraphValue> values)
        {
            foreach (GraphValue value in values)
            {
                foreach (long line in LinesOf(value))
                {
                    bytes[line] = value.Name;
                }
            }
        }

        void Read(GraphValue value) => Assert.All(LinesOf(value), line => Assert.Equal(value.Name, bytes[line]));

        IEnumerable<long> LinesOf(GraphValue value)
        {
            long first = plan.OffsetOf(value.Name);
            Assert.Equal(0, first % BufferPlan.Alignment);
            for (long at = first; at < first + value.SizeInBytes; at += BufferPlan.Alignment)
            {
                yield return at;
            }
        }
    }

    private static void AssertEqual(
        UNet2DModel network, ModelFolder folder, NetworkCase test, double workPerPiece, bool isBlocked)
    {
        TorchReference reference = new(network, batch: 1, test.Height, test.Width, test.Seamless, test.Seed);
        using OnnxBackend backend = new(folder, threads: 0, workPerPiece, isBlocked ? null : 0);
        OnnxNetwork compiled = backend.Networks.Rent(new(test.Height, test.Width, test.Seamless));
        using OnnxRun run = new(compiled);
        reference.Sample.CopyTo(run.Sample);
        reference.Times.CopyTo(run.Timestep);
        reference.Labels.CopyTo(run.Label);
        int piece = 0;
        foreach ((string slice, float[] expected) in reference.RunSlices())
        {
            string name = slice == "conv_out" ? "output" : slice;
            bool isMade = false;
            for (; !isMade; piece++)
            {
                run.Run(piece);
                isMade = compiled.Runs[piece].Part.Outputs.Any(value => value.Name == name);
            }

            GraphValue value = compiled.Runs[piece - 1].Part.Outputs.Single(value => value.Name == name);
            double difference = SliceParity.Difference(expected, InOrder(run.Floats(name), value));
            Assert.True(difference < Rounding, $"{slice} differs by {difference:e1}: {test}");
        }

        Assert.Equal(compiled.Runs.Count, piece);
    }

    // [1, C, H, W] of what may lie in blocks of channels.
    private static float[] InOrder(ReadOnlySpan<float> values, GraphValue value)
    {
        if (!value.IsBlocked)
        {
            return values.ToArray();
        }

        (int block, int pixels) = (OnnxEnvironment.Block, (int)(value.Shape[2] * value.Shape[3]));
        float[] made = new float[values.Length];
        for (int i = 0; i < made.Length; i++)
        {
            (int plane, int pixel) = (i / pixels, i % pixels);
            made[i] = values[(((plane / block * pixels) + pixel) * block) + (plane % block)];
        }

        return made;
    }
}
