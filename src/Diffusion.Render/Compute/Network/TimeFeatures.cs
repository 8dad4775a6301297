using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Network;

/// <summary>Network time to a feature vector, on the host.</summary>
/// <remarks>
/// A few dozen sines an evaluation. On the device they would be wrong: Vulkan promises no accuracy for angles beyond π,
/// and times reach 1000. The roundings are those of the Torch backend, float32 throughout.
/// </remarks>
internal sealed class TimeFeatures
{
    private readonly HostTable? _table;
    private readonly float[] _frequencies = [];
    private readonly bool _cosineFirst;

    /// <exception cref="ArgumentException">The type is unknown, or a learned table has no size.</exception>
    public TimeFeatures(UNetConfig config, WeightLayout weights)
    {
        int channels = config.BlockOutChannels[0];
        Width = channels;
        switch (config.TimeEmbeddingType)
        {
            case "positional":
                // [Vaswani17, Sec. 3.5] sin(t·ω_i), cos(t·ω_i) with ω_i = 10000^(-i/(half - shift))
                int half = channels / 2;
                float exponent = (float)(-Math.Log(10000) / (half - config.FreqShift));
                _frequencies = [.. Enumerable.Range(0, half).Select(i => MathF.Exp(i * exponent))];
                _cosineFirst = config.FlipSinToCos;
                break;
            case "fourier":
                Width = 2 * channels;
                _table = weights.Table("time_proj.weight", channels);
                break;
            case "learned" when config.NumTrainTimesteps > 0:
                _table = weights.Table("time_proj.weight", config.NumTrainTimesteps, channels);
                break;
            case "learned":
                throw new ArgumentException("time_embedding_type 'learned' needs num_train_timesteps of at least 1.");
            default:
                throw new ArgumentException(
                    $"time_embedding_type '{config.TimeEmbeddingType}' is unknown: "
                    + "it is positional, fourier or learned.");
        }
    }

    /// <summary>Features of one time.</summary>
    public int Width { get; }

    /// <summary>Writes the features of a time, <see cref="Width"/> of them. Allocates nothing.</summary>
    /// <exception cref="ArgumentException">A learned table has no row for the time.</exception>
    public void Write(float time, Span<float> features)
    {
        if (_table is { Shape.Length: 2 })
        {
            int row = (int)time;
            if (row < 0 || row >= _table.Shape[0])
            {
                throw new ArgumentException(
                    $"The network time is {time}; the learned table has rows 0 to {_table.Shape[0] - 1}.");
            }

            _table.Row(row).CopyTo(features);
            return;
        }

        // [Song21SDE, App. H.2] sin(2π·ln(t)·w), cos(2π·ln(t)·w) with fixed random w
        bool isFourier = _table is not null;
        ReadOnlySpan<float> frequencies = isFourier ? _table!.Values : _frequencies;
        float argument = isFourier ? MathF.Log(time) : time;
        int half = frequencies.Length;
        (int sine, int cosine) = _cosineFirst ? (half, 0) : (0, half);
        for (int i = 0; i < half; i++)
        {
            float angle = argument * frequencies[i];
            angle = isFourier ? angle * (float)(2 * Math.PI) : angle;
            (features[sine + i], features[cosine + i]) = MathF.SinCos(angle);
        }

        features[(2 * half)..Width].Clear();
    }
}
