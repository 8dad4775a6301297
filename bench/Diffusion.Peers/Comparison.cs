using System.Diagnostics;

namespace Diffusion.Peers;

/// <summary>Measures peers in turns, so that a machine that changes its speed does so for all of them.</summary>
internal static class Comparison
{
    // The first evaluation of a turn finds the caches as another peer left them.
    private const int RunsPerTurn = 3;

    // Workers of the peer before may still be on their way to sleep.
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Fails unless all peers compute the same.</summary>
    /// <param name="peers">The peers; each is run.</param>
    /// <param name="tolerance">Largest difference, relative to the output's largest value.</param>
    public static void RequireAgreement(IReadOnlyList<IPeer> peers, double tolerance)
    {
        float[] expected = [];
        foreach (IPeer peer in peers)
        {
            peer.Run();
            float[] all = peer.ReadOutput();
            float[] output = all[^PlaneOf(all, peers)..];
            expected = expected.Length == 0 ? output : expected;
            double scale = expected.Max(MathF.Abs);
            double difference = expected.Zip(output, (a, b) => Math.Abs((double)a - b)).Max();
            if (!(scale > 0 && difference <= tolerance * scale))
            {
                throw new InvalidOperationException(
                    $"{peer.Name} and {peers[0].Name} differ by {difference:G3}, of {scale:G3} at most.");
            }
        }
    }

    /// <summary>Runs rounds until the time is over.</summary>
    /// <param name="peers">The peers; ratios are to the last.</param>
    /// <param name="duration">How long.</param>
    public static IReadOnlyList<PeerResult> Measure(IReadOnlyList<IPeer> peers, TimeSpan duration)
    {
        List<double>[] times = [.. peers.Select(_ => new List<double>())];
        Stopwatch clock = Stopwatch.StartNew();
        for (int round = 0; clock.Elapsed < duration; round++)
        {
            for (int turn = 0; turn < peers.Count; turn++)
            {
                // Each round begins with another peer, lest one always follow the same.
                int who = (round + turn) % peers.Count;
                Thread.Sleep(_pause);
                peers[who].Run();
                long begin = Stopwatch.GetTimestamp();
                for (int run = 1; run < RunsPerTurn; run++)
                {
                    peers[who].Run();
                }

                times[who].Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds / (RunsPerTurn - 1));
            }
        }

        double[] ours = [.. times[^1]];
        return [.. peers.Select((peer, who) => new PeerResult(
            peer.Name, [.. times[who]], [.. times[who].Select((time, round) => time / ours[round])]))];
    }

    // A session hands out one sample's output only: the last of the batch.
    private static int PlaneOf(float[] output, IReadOnlyList<IPeer> peers) =>
        Math.Min(output.Length, peers.OfType<SlicedPeer>().First().OutputLength);
}
