using Diffusion.Runtime.Backends;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>
/// Cuts a slice into pieces: its stages in order, convolutions by rows, neighbours joined where both are short.
/// </summary>
/// <remarks>
/// By rows and not by channels: libtorch reorders a convolution's input once a call, so that each group of channels
/// would pay for all of it, and a band of rows only for its own two more. Where the cuts lie depends on the shape
/// alone, never on measured time, so that the same request gives the same bits.
/// </remarks>
/// <param name="name">The slice's name; pieces are numbered behind it.</param>
/// <param name="cost">The shape, which walks through the stages.</param>
/// <param name="workPerPiece">See <see cref="WorkPerPiece"/>.</param>
internal sealed class SlicePlan(string name, SliceCost cost, double workPerPiece)
{
    /// <summary>
    /// What a piece may hold, in multiply-adds counted 2: about 0.6 ms of one core at 80 GFLOP/s.
    /// </summary>
    public const double WorkPerPiece = 50e6;

    // A stage bound by memory takes as long as this much arithmetic on each of its bytes: 80 GFLOP/s against 10 GB/s.
    private const double FlopsPerByte = 8;

    private readonly List<Stage> _stages = [];

    private delegate void StageWork(UNetState state, DisposeScope scope);

    /// <summary>Adds a stage that cannot be cut.</summary>
    public void Add(Action<SliceCost> count, Action<UNetState, DisposeScope> run)
    {
        cost.Reset();
        count(cost);
        _stages.Add(new Stage(cost.Flops, cost.Bytes, new StageWork(run)));
    }

    /// <summary>Adds the convolution of the held tensor: its padding, then its rows in bands.</summary>
    public void AddConvolution(PaddedConv conv)
    {
        Add(
            shape => shape.Elementwise(shape.Channels, flopsPerElement: 0),
            (state, scope) => state.BeginConvolution(conv, scope));
        cost.Reset();
        conv.Count(cost);
        int bands = (int)Math.Clamp(Math.Ceiling(Work(cost.Flops, cost.Bytes) / workPerPiece), 1, cost.Height);
        for (int band = 0; band < bands; band++)
        {
            int first = cost.Height * band / bands;
            int count = (cost.Height * (band + 1) / bands) - first;
            double share = (double)count / cost.Height;
            _stages.Add(new Stage(
                cost.Flops * share, cost.Bytes * share, (state, _) => state.ConvolveRows(conv, first, count)));
        }
    }

    /// <summary>The pieces: as few as the work allows.</summary>
    /// <param name="keepsSkip">Whether the decoder reads the slice's output again.</param>
    public IEnumerable<SlicePiece> Pieces(bool keepsSkip)
    {
        List<List<Stage>> groups = [];
        double work = 0;
        foreach (Stage stage in _stages)
        {
            double more = Work(stage.Flops, stage.Bytes);
            if (groups.Count == 0 || work + more > workPerPiece)
            {
                groups.Add([]);
                work = 0;
            }

            groups[^1].Add(stage);
            work += more;
        }

        for (int i = 0; i < groups.Count; i++)
        {
            StageWork[] works = [.. groups[i].Select(stage => stage.Run)];
            bool pushes = keepsSkip && i == groups.Count - 1;
            SliceInfo info = new(
                $"{name} {i + 1}/{groups.Count}",
                groups[i].Sum(stage => stage.Flops),
                groups[i].Sum(stage => stage.Bytes));
            yield return new SlicePiece(info, state => Run(state, works, pushes));
        }
    }

    /// <summary>Arithmetic and memory traffic as one number.</summary>
    public static double Work(double flops, double bytes) => Math.Max(flops, FlopsPerByte * bytes);

    private static void Run(UNetState state, StageWork[] works, bool pushesSkip)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (StageWork work in works)
        {
            work(state, scope);
        }

        if (pushesSkip)
        {
            state.PushSkip();
        }
    }

    private readonly record struct Stage(double Flops, double Bytes, StageWork Run);
}
