using System.Diagnostics;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Checking;

/// <summary>Draws a small sample on a backend.</summary>
internal static class BackendSelfTest
{
    /// <summary>Steps of the sample.</summary>
    public const int Steps = 2;

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <summary>Samples the model's first class at its own size.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="folder">The model that it was loaded from.</param>
    /// <returns>The sample, planar [3, H, W] on [-1, 1], and the time of a step.</returns>
    /// <exception cref="InvalidDataException">It is not finite, or did not end within a minute.</exception>
    public static (float[] Sample, TimeSpan Step) Run(IDenoiserBackend backend, ModelFolder folder)
    {
        using var runtime = new DiffusionRuntime(backend, folder.Description);
        int edge = folder.Config.SampleSize > 0 ? folder.Config.SampleSize : 64;
        TextureHandle texture = runtime.Submit(new TextureRequest
        {
            Width = edge,
            Height = edge,
            ClassLabel = folder.ClassNames.Count == 0 ? null : 0,
            Solver = SolverCatalog.Parse("ddim"),
            Steps = Steps,
            Seed = 7,
        });
        var clock = Stopwatch.StartNew();
        while (runtime.GetProgress(texture).Status is ChainStatus.Running or ChainStatus.Waiting)
        {
            runtime.Tick(TimeSpan.FromSeconds(1));
            if (clock.Elapsed > _limit)
            {
                throw new InvalidDataException($"{Steps} steps did not end within {_limit.TotalSeconds} s");
            }
        }

        TimeSpan step = clock.Elapsed / Steps;
        SampleRing ring = runtime.GetSamples(texture);
        float[] sample = ring.Sample(ring.CurrentSlot).ToArray();
        return sample.All(float.IsFinite) ? (sample, step) : throw new InvalidDataException("the sample is not finite");
    }

    /// <summary>Root mean square of the difference of two samples.</summary>
    public static double Difference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double difference = a[i] - b[i];
            sum += difference * difference;
        }

        return Math.Sqrt(sum / a.Length);
    }
}
