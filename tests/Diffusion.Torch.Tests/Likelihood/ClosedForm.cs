using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Likelihood;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Likelihood;

/// <summary>Data N(m, s²·I), with its denoiser in closed form: D(x) = m + α·s²/(α²·s² + σ²)·(x - α·m).</summary>
internal sealed record ClosedForm(double Mean, double Deviation)
{
    private double Variance => Deviation * Deviation;

    public (Tensor Clean, Tensor? Variance) Denoise(Tensor x, NoiseLevel level, Tensor? label)
    {
        double gain = level.Alpha * Variance / ((level.Alpha * level.Alpha * Variance) + (level.Sigma * level.Sigma));
        return ((gain * x) + (Mean * (1 - (gain * level.Alpha))), null);
    }

    /// <summary>v of this data: s²·σ²/(α²·s² + σ²).</summary>
    public double CleanVarianceAt(NoiseLevel level) => Variance * level.Sigma * level.Sigma
        / ((level.Alpha * level.Alpha * Variance) + (level.Sigma * level.Sigma));

    public CleanVariance Curve(NoiseSchedule schedule)
    {
        NoiseLevel[] levels =
            [.. Enumerable.Range(0, schedule.TableLength!.Value).Reverse().Select(t => schedule.At(t))];
        return new CleanVariance(levels.Select(level => level.Lambda), levels.Select(CleanVarianceAt));
    }

    /// <summary>ln N(x; m, s² + noise²) summed over each picture.</summary>
    public double[] LogDensity(Tensor x, double noise = 0)
    {
        using var scope = NewDisposeScope();
        double variance = Variance + (noise * noise);
        Tensor nats = -0.5 * (((x.to(float64) - Mean).square() / variance) + Math.Log(2 * Math.PI * variance));
        return nats.flatten(1).sum(1).data<double>().ToArray();
    }

    /// <summary>Pictures of this data; bytes as k/127.5 - 1 where <paramref name="quantised"/>.</summary>
    public Tensor Draw(int seed, bool quantised, params long[] shape)
    {
        using var scope = NewDisposeScope();
        using Generator generator = new((ulong)seed);
        Tensor x = Mean + (Deviation * randn(shape, generator: generator));
        x = quantised ? (((x + 1) * 127.5).round().clamp(0, 255) / 127.5) - 1 : x;
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Entropy of the quantised data in bits a value, with bins of 2/255.</summary>
    public double EntropyInBits => Math.Log2(Math.Sqrt(2 * Math.PI * Math.E) * Deviation) - Math.Log2(2.0 / 255);

    public TensorDenoiser Denoiser => Denoise;
}
