using Diffusion.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Diffusion.Torch.Quality;

/// <summary>
/// A small network that tells classes of textures apart, trained on what the generator was trained on.
/// </summary>
/// <remarks>
/// Three strided convolutions, then the mean and the spread of each channel over the picture, so that it looks at
/// matter and not at place. It is a judge of classes only: how well it does on held-out pictures is the mark for
/// generated ones. Owns the network; one thread.
/// </remarks>
public sealed class TextureClassifier : IDisposable
{
    private const int BatchSize = 48;
    private const double LearningRate = 3e-3;
    private const double WarmUpShare = 0.1;
    private const double Jitter = 0.1;

    private readonly Sequential _features;
    private readonly Linear _head;
    private readonly int _edge;

    private TextureClassifier(int edge, int labelCount, ulong seed)
    {
        _edge = edge;
        _features = Sequential(
            Conv2d(3, 32, 5, stride: 2, padding: 2), BatchNorm2d(32), ReLU(),
            Conv2d(32, 64, 3, stride: 2, padding: 1), BatchNorm2d(64), ReLU(),
            Conv2d(64, 96, 3, stride: 2, padding: 1), BatchNorm2d(96), ReLU());
        _head = Linear(2 * 96, labelCount);
        Initialise(seed);
    }

    /// <summary>Trains one on the training pictures, as often by class and rolled as the generator sees them.</summary>
    /// <param name="data">The set; what it holds out is not looked at.</param>
    /// <param name="iterations">Batches of 48.</param>
    /// <param name="seed">Of the weights and batches: the same gives the same network on the same machine.</param>
    /// <param name="progress">Hears the share that is done.</param>
    /// <param name="cancellation">Ends it early, by an exception.</param>
    public static TextureClassifier Train(
        TrainingData data, int iterations, ulong seed, Action<double> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(progress);
        var classifier = new TextureClassifier(data.Canvas, data.ClassNames.Count, seed);
        try
        {
            classifier.Fit(data, iterations, seed, progress, cancellation);
            return classifier;
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
    }

    /// <summary>The likeliest label of each picture.</summary>
    /// <param name="pictures">Each [3, edge, edge] in [-1, 1].</param>
    public IReadOnlyList<int> Predict(IReadOnlyList<float[]> pictures)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        SetTraining(false);
        var labels = new List<int>();
        foreach (float[][] part in pictures.Chunk(BatchSize))
        {
            using Tensor x = tensor(part.SelectMany(p => p).ToArray(), [part.Length, 3, _edge, _edge]);
            using Tensor best = Forward(x).argmax(1);
            labels.AddRange(best.data<long>().ToArray().Select(label => (int)label));
        }

        return labels;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _features.Dispose();
        _head.Dispose();
    }

    // PyTorch's own initialisation, but from a generator that no other thread draws from.
    private void Initialise(ulong seed)
    {
        using var frozen = no_grad();
        using var generator = new Generator(seed);
        foreach (Module layer in _features.children().Append(_head))
        {
            Parameter[] drawn = layer switch
            {
                Conv2d conv => [conv.weight!, conv.bias!],
                Linear linear => [linear.weight!, linear.bias!],
                _ => [],
            };
            foreach (Parameter parameter in drawn)
            {
                // 1 over the square root of what a unit of the layer reads.
                double bound = 1 / Math.Sqrt(drawn[0].numel() / drawn[0].shape[0]);
                parameter.uniform_(-bound, bound, generator);
            }
        }
    }

    private void Fit(
        TrainingData data, int iterations, ulong seed, Action<double> progress, CancellationToken cancellation)
    {
        SetTraining(true);
        using var optimizer = optim.AdamW(_features.parameters().Concat(_head.parameters()), LearningRate);
        for (int i = 0; i < iterations; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            double warm = Math.Min(1, (i + 1) / (WarmUpShare * iterations));
            foreach (var group in optimizer.ParamGroups)
            {
                group.LearningRate = LearningRate * warm * 0.5 * (1 + Math.Cos(Math.PI * i / iterations));
            }

            var random = new CounterRandom(seed, i, purpose: 2);
            TrainingBatch batch = data.Draw(ref random, BatchSize);
            Brighten(batch.Pixels, ref random);
            Tensor x = tensor(batch.Pixels, [BatchSize, 3, _edge, _edge]);
            optimizer.zero_grad();
            Tensor loss = functional.cross_entropy(Forward(x), tensor(batch.Labels));
            loss.backward();
            optimizer.step();
            progress((i + 1.0) / iterations);
        }
    }

    // Few textures have to teach it what a class is, so it must not learn their exact brightness.
    private static void Brighten(float[] pixels, ref CounterRandom random)
    {
        int size = pixels.Length / BatchSize;
        for (int slot = 0; slot < BatchSize; slot++)
        {
            float gain = (float)(1 + (Jitter * ((2 * random.NextDouble()) - 1)));
            float shift = (float)(Jitter * ((2 * random.NextDouble()) - 1));
            foreach (ref float value in pixels.AsSpan(slot * size, size))
            {
                value = Math.Clamp((gain * value) + shift, -1, 1);
            }
        }
    }

    private Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor maps = _features.forward(x).flatten(2);
        Tensor spread = (maps.var(2, unbiased: false) + 1e-6).sqrt();
        return _head.forward(cat([maps.mean([2]), spread], 1)).MoveToOuterDisposeScope();
    }

    private void SetTraining(bool isOn)
    {
        _features.train(isOn);
        _head.train(isOn);
    }
}
