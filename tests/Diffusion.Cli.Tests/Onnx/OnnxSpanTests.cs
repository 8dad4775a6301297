using CsCheck;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Compute;
using Diffusion.Cli.Tests.Generation;
using Diffusion.Onnx;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>What is computed does not depend on what is run at once.</summary>
public sealed class OnnxSpanTests
{
    // So little that all stages are pieces.
    private const double Crumbs = 1;

    // More than are kept once nobody uses them.
    private static readonly int[] _edges = [64, 72, 80, 88, 96, 104];

    private readonly ModelFolder _folder = ModelFolder.Open(ModelLocator.Find(null));

    [SkippableTheory]
    [InlineData(64, 64, false)]
    [InlineData(128, 96, true)]
    [InlineData(128, 128, false)]
    public void RunSpan_SomeOfThemAtRandom_GivesTheBitsOfSlices(int width, int height, bool isSeamless)
    {
        using OnnxBackend backend = new(_folder);
        RequireBlocks();
        NetworkCase test = new(_folder.Config, Batch: 1, height, width, isSeamless, Seed: 5);
        AssertSameBits(backend, test, everyCut: true);
    }

    [SkippableFact]
    public void RunSpan_RandomNetworksAndShapes_GivesTheBitsOfSlices()
    {
        OnnxEnvironment.Prepare(threads: 0);
        RequireBlocks();
        NetworkGenerator.Cases.Sample(
            test =>
            {
                // Channels in fours, as graphs in blocks need them.
                UNetConfig config = test.Config with
                {
                    BlockOutChannels = [.. test.Config.BlockOutChannels.Select(channels => 4 * channels)],
                };
                test = test with { Config = config };
                using TestModel model = new(config, test.Seed);
                using OnnxBackend backend = new(model.Folder, threads: 0, test.Seed % 2 == 0 ? Crumbs : 1e5);
                AssertSameBits(backend, test, everyCut: false);
            },
            iter: 15,
            threads: 1);
    }

    [SkippableFact]
    public void Spans_ShippedModel_CoverMostSlicesAndDoNotOverlap()
    {
        using OnnxBackend backend = new(_folder);
        RequireBlocks();
        using IDenoiserSession session = backend.CreateSession(new() { Width = 128, Height = 128, Guided = true });

        int end = 0;
        foreach (SliceSpan span in session.Spans)
        {
            Assert.InRange(span.First, end, session.Slices.Count - 1);
            Assert.InRange(span.Count, 2, session.Slices.Count - span.First);
            end = span.First + span.Count;
        }

        Assert.InRange(session.Spans.Sum(span => span.Count), session.Slices.Count * 3 / 4, session.Slices.Count);
    }

    [Fact]
    public void Tick_BudgetsAtRandom_GivesTheBitsOfSlicesOneByOne()
    {
        using OnnxBackend backend = new(_folder);
        TextureRequest request = new()
        {
            Width = 64,
            Height = 64,
            ClassLabel = 2,
            Seed = 9,
            Steps = 4,
            GuidanceScale = 3,
        };
        float[] expected = Run(() => TimeSpan.FromTicks(1));
        Random random = new(3);
        for (int run = 0; run < 3; run++)
        {
            Assert.Equal(expected, Run(() => TimeSpan.FromMilliseconds(12 * random.NextDouble())));
        }

        Assert.Equal(expected, Run(() => TimeSpan.FromSeconds(1)));

        float[] Run(Func<TimeSpan> budget)
        {
            using DiffusionRuntime runtime = new(backend, _folder.Description);
            TextureHandle texture = runtime.Submit(request);
            backend.Networks.FinishLoading();
            while (!ChainRun.IsOver(runtime, texture))
            {
                runtime.Tick(budget());
            }

            return ChainRun.SampleOf(runtime, texture);
        }
    }

    [SkippableFact]
    public void RunSpan_OutOfTurn_Throws()
    {
        using OnnxBackend backend = new(_folder);
        RequireBlocks();
        using IDenoiserSession session = backend.CreateSession(new() { Width = 64, Height = 64 });
        backend.Networks.FinishLoading();
        Assert.Throws<InvalidOperationException>(() => session.RunSpan(0));
    }

    [SkippableFact]
    public void Networks_OfManySizes_LoadTheirSpansOnOneThread()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Threads are told apart by their names in /proc.");
        string[] before = Loaders();
        using OnnxBackend backend = new(_folder);
        RequireBlocks();
        OnnxNetwork[] networks = [.. _edges.Select(edge => backend.Networks.Rent(new(edge, edge, IsSeamless: true)))];
        backend.Networks.FinishLoading();
        Assert.All(networks, network => Assert.True(network.HasSpans));
        Assert.Single(Loaders().Except(before));

        static string[] Loaders() =>
            [.. Directory.GetDirectories("/proc/self/task").Where(task => NameOf(task).StartsWith("diffusion spans"))];

        static string NameOf(string task)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, "comm"));
            }
            catch (IOException)
            {
                return "a thread that has ended";
            }
        }
    }

    [SkippableFact]
    public void Networks_FreedWhileTheyWaitOrLoad_LeaveTheOthersTheirSpans()
    {
        using OnnxBackend backend = new(_folder);
        RequireBlocks();
        OnnxNetwork kept = backend.Networks.Rent(new(32, 64, IsSeamless: true));
        foreach (int edge in _edges)
        {
            backend.Networks.Return(backend.Networks.Rent(new(edge, edge, IsSeamless: true)));
        }

        backend.Networks.FinishLoading();
        Assert.True(kept.HasSpans);
    }

    private static void RequireBlocks() =>
        Skip.If(OnnxEnvironment.Block == 0, "ONNX Runtime lays nothing out in blocks on this processor.");

    private static void AssertSameBits(OnnxBackend backend, NetworkCase test, bool everyCut)
    {
        OnnxNetwork network = backend.Networks.Rent(new(test.Height, test.Width, test.Seamless));
        backend.Networks.FinishLoading();
        using OnnxRun run = new(network);
        Random random = new(test.Seed);
        float[] sample = [.. Enumerable.Range(0, run.Sample.Length).Select(_ => (float)(random.NextDouble() - 0.5))];
        float[] expected = Evaluate(_ => false);
        Assert.NotEmpty(network.Spans);
        Assert.All(expected, value => Assert.True(float.IsFinite(value)));
        for (int trial = 0; trial < 4; trial++)
        {
            AssertEqual(expected, Evaluate(_ => random.Next(2) == 0));
        }

        AssertEqual(expected, Evaluate(_ => true));
        if (everyCut)
        {
            using OnnxBackend other = new(ModelFolder.Open(ModelLocator.Find(null)), threads: 0, 20e6);
            network = other.Networks.Rent(network.Shape);
            using OnnxRun crumbs = new(network);
            AssertEqual(expected, EvaluateOn(crumbs, _ => false));
        }

        float[] Evaluate(Func<int, bool> isSpan) => EvaluateOn(run, isSpan);

        float[] EvaluateOn(OnnxRun on, Func<int, bool> isSpan)
        {
            sample.CopyTo(on.Sample);
            on.Timestep.Fill(17);
            on.Label.Fill(test.Config is { ClassEmbedType: null, NumClassEmbeds: 1 } ? 0 : 1);
            int span = 0;
            for (int piece = 0; piece < network.Runs.Count;)
            {
                if (span < network.Spans.Count && network.Spans[span].First < piece)
                {
                    span++;
                }
                else if (span < network.Spans.Count && network.Spans[span].First == piece && isSpan(span))
                {
                    Assert.True(on.HasSpans);
                    on.RunSpan(span);
                    piece += network.Spans[span].Count;
                }
                else
                {
                    on.Run(piece++);
                }
            }

            return on.Output.ToArray();
        }

        void AssertEqual(float[] one, float[] other) =>
            Assert.True(one.AsSpan().SequenceEqual(other), $"Bits differ: {test}");
    }
}
