using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

public sealed class SlicePieceTests
{
    // Small enough that every convolution of a test network is cut, and some to single rows.
    private const double Little = 40_000;
    private const int Height = 16;
    private const int Width = 24;

    // Bands may go through other kernels than the whole, which sum in another order.
    private const double Rounding = 2e-6;

    public static TheoryData<string, bool> Networks()
    {
        TheoryData<string, bool> data = [];
        foreach (string name in TestNetworks.ByFeature.Keys)
        {
            data.Add(name, false);
            data.Add(name, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Pieces_RunInOrder_GiveWhatTheWholeNetworkGives(string name, bool seamless)
    {
        UNetConfig config = TestNetworks.ByFeature[name];
        using UNet2DModel network = TestNetworks.Create(config);
        network.Seamless = seamless;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = inference_mode();
        (Tensor x, Tensor time, Tensor? label) = Inputs(config);
        Tensor expected = network.call(x, time, label);

        using UNetState state = new();
        network.Begin(state, x, time, label);
        SlicePiece[] pieces = network.Pieces(2, Height, Width, Little);
        Assert.True(pieces.Length > 3 * network.Slices.Count, $"{pieces.Length} pieces");
        foreach (SlicePiece piece in pieces)
        {
            piece.Run(state);
        }

        double error = (state.Hidden - expected).abs().max().item<float>() / expected.abs().max().item<float>();
        Assert.True(error < Rounding, $"{error:E1}");
    }

    [Fact]
    public void Pieces_OfAnyNetwork_HoldItsWorkInShares()
    {
        foreach (UNetConfig config in TestNetworks.ByFeature.Values)
        {
            using UNet2DModel network = TestNetworks.Create(config);
            SlicePiece[] whole = network.Pieces(2, Height, Width, double.PositiveInfinity);
            SlicePiece[] cut = network.Pieces(2, Height, Width, Little);
            Assert.Equal(network.Slices.Select(slice => slice.Name), whole.Select(piece => piece.Info.Name));
            Assert.Equal(cut.Select(piece => piece.Info.Name).Distinct().Count(), cut.Length);
            Assert.Equal(whole.Sum(piece => piece.Info.Flops), cut.Sum(piece => piece.Info.Flops), tolerance: 1);

            // Padding apart from the convolution moves what it pads once more.
            Assert.InRange(cut.Sum(piece => piece.Info.Bytes) / whole.Sum(piece => piece.Info.Bytes), 1, 1.5);
        }
    }

    [Fact]
    public void Clear_AfterAnyPiece_FreesEverything()
    {
        using UNet2DModel network = TestNetworks.Create(TestNetworks.Textures);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = inference_mode();
        (Tensor x, Tensor time, Tensor? label) = Inputs(TestNetworks.Textures);
        using UNetState state = new();
        SlicePiece[] pieces = network.Pieces(2, Height, Width, Little);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int count = 1; count <= pieces.Length; count++)
        {
            network.Begin(state, x, time, label);
            foreach (SlicePiece piece in pieces.AsSpan(0, count))
            {
                piece.Run(state);
            }

            state.Clear();
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    private static (Tensor X, Tensor Time, Tensor? Label) Inputs(UNetConfig config)
    {
        bool hasClasses = config.NumClassEmbeds > 0 || config.ClassEmbedType is not null;
        return (TestNetworks.Noise(4, 2, 3, Height, Width), tensor([3f, 700f]), hasClasses ? tensor([1L, 3L]) : null);
    }
}
