using Diffusion.Runtime.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Network time to a feature vector: [N] float32 to [N, <see cref="Width"/>].</summary>
internal abstract class TimeProjection(int width)
{
    public int Width { get; } = width;

    /// <summary>
    /// Makes the projection that <c>time_embedding_type</c> names, with <c>time_proj</c>'s tensors in the tree.
    /// </summary>
    /// <exception cref="ArgumentException">The type is unknown, or a learned table has no size.</exception>
    public static TimeProjection Create(UNetConfig config, Layers layers)
    {
        int channels = config.BlockOutChannels[0];
        return config.TimeEmbeddingType switch
        {
            "positional" => new Sinusoidal(channels, config.FlipSinToCos, config.FreqShift),
            "fourier" => new Fourier(channels, layers),
            "learned" when config.NumTrainTimesteps > 0 =>
                new Learned(channels, layers.Embedding("time_proj", config.NumTrainTimesteps, channels)),
            "learned" => throw new ArgumentException(
                "time_embedding_type 'learned' needs num_train_timesteps of at least 1."),
            _ => throw new ArgumentException(
                $"time_embedding_type '{config.TimeEmbeddingType}' is unknown: it is positional, fourier or learned."),
        };
    }

    public abstract Tensor Apply(Tensor time);

    /// <summary>[Vaswani17, Sec. 3.5] sin(t·ω_i), cos(t·ω_i) with ω_i = 10000^(-i/(half - shift)).</summary>
    private sealed class Sinusoidal(int width, bool cosineFirst, int shift) : TimeProjection(width)
    {
        public override Tensor Apply(Tensor time)
        {
            Tensor angle = time.unsqueeze(1) * Frequencies(time.device).unsqueeze(0);
            Tensor features = cosineFirst ? cat([angle.cos(), angle.sin()], 1) : cat([angle.sin(), angle.cos()], 1);
            return Width % 2 == 0 ? features : nn.functional.pad(features, [0L, 1L]);
        }

        private Tensor Frequencies(Device device)
        {
            int half = Width / 2;
            Tensor index = arange(half, dtype: ScalarType.Float32, device: device);
            return index.mul_(-Math.Log(10000) / (half - shift)).exp_();
        }
    }

    /// <summary>[Song21SDE, App. H.2] sin(2π·ln(t)·w), cos(2π·ln(t)·w) with fixed random w.</summary>
    private sealed class Fourier(int channels, Layers layers) : TimeProjection(2 * channels)
    {
        private const double Scale = 16;

        private readonly Func<Tensor> _weight = layers.Buffer("time_proj.weight", randn(channels) * Scale);

        public override Tensor Apply(Tensor time)
        {
            Tensor angle = time.log().unsqueeze(1) * _weight().unsqueeze(0) * (2 * Math.PI);
            return cat([angle.sin(), angle.cos()], 1);
        }
    }

    private sealed class Learned(int channels, Embedding table) : TimeProjection(channels)
    {
        public override Tensor Apply(Tensor time) => table.call(time.to_type(ScalarType.Int64));
    }
}
