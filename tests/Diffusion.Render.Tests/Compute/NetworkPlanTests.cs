using CsCheck;
using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Tests.Compute;

public sealed class NetworkPlanTests
{
    private static readonly UNetConfig _small = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
    };

    private static readonly Dictionary<string, UNetConfig> _unservable = new()
    {
        ["SkipDownBlock2D"] = _small with { DownBlockTypes = ["SkipDownBlock2D", "DownBlock2D"] },
        ["SkipUpBlock2D"] = _small with { UpBlockTypes = ["UpBlock2D", "SkipUpBlock2D"] },
        ["identity"] = _small with { ClassEmbedType = "identity" },
        ["tanh"] = _small with { ActFn = "tanh" },
        ["ada_group"] = _small with { ResnetTimeScaleShift = "ada_group" },
        ["normalisation groups"] = _small with { NormNumGroups = 5 },
        ["1 channel"] = _small with { InChannels = 1, OutChannels = 1 },
    };

    public static TheoryData<string> Unservable => [.. _unservable.Keys];

    [Fact]
    public void Plan_LiveTensors_NeverShareMemory()
    {
        NetworkPlan plan = Plan(_small);

        foreach (PlannedTensor a in plan.Tensors)
        {
            Assert.InRange(a.FirstUse, 0, a.LastUse);
            Assert.All(plan.Tensors.Where(b => b != a && a.LivesWith(b)), b => Assert.True(
                a.Offset + a.SizeInBytes <= b.Offset || b.Offset + b.SizeInBytes <= a.Offset,
                $"{a.Name} and {b.Name} overlap"));
        }

        Assert.True(plan.ArenaSizeInBytes < plan.Tensors.Sum(tensor => tensor.SizeInBytes) / 2);
    }

    [Fact]
    public void Plan_EveryDispatch_WritesWhatNoneOfItsInputsHolds()
    {
        NetworkPlan plan = Plan(_small);

        Assert.All(plan.Dispatches, dispatch =>
        {
            BufferRange target = dispatch.Bindings[^1];
            Assert.DoesNotContain(dispatch.Bindings[..^1], range => range.Kind == target.Kind
                && range.Offset < target.Offset + target.SizeInBytes
                && target.Offset < range.Offset + range.SizeInBytes);
        });
    }

    [Fact]
    public void Plan_OneConvolution_CountsTwoOperationsAMultiplyAdd()
    {
        // conv_in: 3 -> 16 channels, 3x3, at 32x16 for a batch of 2; bias adds one.
        NetworkPlan plan = Plan(_small);
        PlannedDispatch conv = plan.Dispatches[plan.Slices[0].Count - 1];
        const double outputs = 2 * 16 * 32 * 16;

        Assert.Equal((2 * outputs * 3 * 9) + outputs, conv.Flops);
        Assert.Equal(4 * ((3 * 9 * 16) + (2 * 3 * 32 * 16) + outputs), conv.Bytes);
    }

    [Fact]
    public void Cut_AnyLimit_RunsEveryRowOnceInOrder() => Gen.Double[1e3, 1e8].Sample(mostFlops =>
    {
        NetworkPlan plan = Plan(_small, mostFlops);
        DispatchRange[] ranges = [.. plan.Parts.SelectMany(part => part.Ranges)];

        (int dispatch, int row) = (0, 0);
        foreach (DispatchRange range in ranges)
        {
            (int Dispatch, int Row) at = (dispatch, row);
            Assert.Same(plan.Dispatches[at.Dispatch], range.Dispatch);
            Assert.Equal(at.Row, range.First);
            row += range.Count;
            if (row == range.Dispatch.Groups.Y * range.Dispatch.Groups.Z)
            {
                (dispatch, row) = (dispatch + 1, 0);
            }
        }

        Assert.Equal(plan.Dispatches.Count, dispatch);
        Assert.All(plan.Parts, part => Assert.True(part.Flops <= mostFlops || part.Ranges is [{ Count: 1 }]));
        Assert.Equal(plan.Dispatches.Sum(d => d.Flops), plan.Parts.Sum(part => part.Flops), 1.0);
    });

    [Fact]
    public void Cut_NoLimit_LeavesTheNetworksSlices()
    {
        NetworkPlan plan = Plan(_small);

        Assert.Equal(plan.Slices.Select(slice => slice.Name), plan.Parts.Select(part => part.Name));
    }

    [Fact]
    public void Cut_LimitOfNothing_GivesEachDispatchAPiece()
    {
        NetworkPlan plan = Plan(_small, 0);

        Assert.Equal(plan.Dispatches, plan.Parts.Select(part => Assert.Single(part.Ranges).Dispatch));
    }

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e5)]
    public void PartsOf_EvaluationsOfFewerSamples_AreTheSameKernelsOnTheFirstOnesOfTheSameTensors(double mostFlops)
    {
        NetworkPlan all = Plan(_small, mostFlops);
        NetworkPlan both = Plan(_small, mostFlops, plainBatch: 1);

        Assert.Equal(all.ArenaSizeInBytes, both.ArenaSizeInBytes);
        Assert.Equal(new SliceRange(0, all.Parts.Count), both.PartsOf(isGuided: true));
        Assert.Equal(new SliceRange(all.Parts.Count, both.Parts.Count), both.PartsOf(isGuided: false));
        Assert.Equal(all.PartsOf(isGuided: true), all.PartsOf(isGuided: false));
        PlannedDispatch[] guided = [.. both.Dispatches.Take(all.Dispatches.Count)];
        PlannedDispatch[] plain = [.. both.Dispatches.Skip(all.Dispatches.Count)];
        Assert.All(guided.Zip(plain), pair =>
        {
            Assert.Equal(pair.First.Kernel, pair.Second.Kernel);
            Assert.Equal(WordsOf(pair.First), WordsOf(pair.Second));
            Assert.Equal(pair.First.Flops, 2 * pair.Second.Flops, 1e-9);
            Assert.Equal(RowsOf(pair.First), 2 * RowsOf(pair.Second));
            Assert.Equal(
                pair.First.Bindings.Select(range => (range.Kind, range.Offset, range.SizeInBytes)),
                pair.Second.Bindings.Select(range => (range.Kind, range.Offset, range.SizeInBytes)));
        });
        Assert.Equal(
            plain.Sum(RowsOf),
            both.Parts.Skip(all.Parts.Count).SelectMany(part => part.Ranges).Sum(range => range.Count));

        static int RowsOf(PlannedDispatch dispatch) => dispatch.Groups.Y * dispatch.Groups.Z;

        static uint[] WordsOf(PlannedDispatch dispatch)
        {
            PushWords push = dispatch.Push;
            ReadOnlySpan<uint> words = push;
            return words.ToArray();
        }
    }

    [Fact]
    public void Memory_OfAConfiguration_IsWhatThePlanTakes()
    {
        ComputeMemory memory = ComputeMemory.Of(
            _small, new SessionOptions { Width = 16, Height = 32, Guided = true, Seamless = false });
        ComputeMemory half = ComputeMemory.Of(
            _small, new SessionOptions { Width = 16, Height = 32 }, StoragePrecision.Half);

        NetworkPlan plan = Plan(_small);
        Assert.InRange(
            memory.ActivationBytes, plan.ArenaSizeInBytes + plan.OutputSizeInBytes, 2 * plan.ArenaSizeInBytes);
        Assert.Equal((4 * plan.Input.SizeInBytes) + (16 * 16 * 32), memory.TransferBytes);
        Assert.InRange(half.WeightBytes, memory.WeightBytes / 2, memory.WeightBytes * 0.6);
        Assert.InRange(half.ActivationBytes, memory.ActivationBytes / 4, memory.ActivationBytes * 0.31);
    }

    [Fact]
    public void Memory_SizeOffTheStride_NamesTheRule()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => ComputeMemory.Of(_small, new SessionOptions { Width = 15, Height = 32 }));

        Assert.Contains("15x32", error.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Unservable))]
    public void Memory_OfWhatIsNotServed_NamesIt(string what)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => ComputeMemory.Of(_unservable[what], new SessionOptions { Width = 16, Height = 16 }));

        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    private static NetworkPlan Plan(
        UNetConfig config, double mostFlops = double.PositiveInfinity, int? plainBatch = null) =>
        new UNetStructure(config, StoragePrecision.Full).Plan(
            batch: 2, height: 32, width: 16, seamless: false, ComputeTuning.Gpu, mostFlops, plainBatch);
}
