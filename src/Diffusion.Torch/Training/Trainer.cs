using System.Diagnostics;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>Algorithm 1: trains a network to predict what noise did to a picture. [Ho20, Alg. 1]</summary>
/// <remarks>
/// <para>
/// All randomness is a function of (seed, iteration), so <see cref="Load"/> after <see cref="Save"/> goes on bit for bit as if there had been
/// no stop, on the same device and thread count, as long as no time budget drives the learning rate.
/// </para>
/// <para>Borrows the network, which stays in the caller's hands. One thread.</para>
/// </remarks>
public sealed partial class Trainer : IDisposable
{
    private const int TimestepCount = 1000;
    private const uint DrawPurpose = 1;
    private const uint NoisePurpose = 2;

    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;
    private readonly TextureDataset _data;
    private readonly TrainingOptions _options;
    private readonly Device _device;
    private readonly (string Name, Parameter Value)[] _parameters;
    private readonly Optimizers.AdamW _optimizer;
    private readonly WeightAverage _average;
    private readonly NoiseLevel[] _levels;
    private readonly float[] _networkTimes;

    /// <summary>Makes a trainer at iteration 0.</summary>
    /// <param name="network">
    /// (x [N, 3, H, W] float in [-1, 1] plus noise, timestep [N] float, label [N] int64) to [N, 3, H, W]; its class table has one row more
    /// than the data has classes, the last for "no class".
    /// </param>
    /// <param name="data">What to learn.</param>
    /// <param name="schedule">The forward process; timesteps are its integers 0 .. 999.</param>
    /// <param name="options">How to learn.</param>
    /// <param name="device">Where; the network is moved there.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public Trainer(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        TextureDataset data,
        NoiseSchedule schedule,
        TrainingOptions options,
        Device device)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        options.Validate();
        _network = network;
        _data = data;
        _options = options;
        _device = device;
        _network.to(device);
        _parameters = [.. network.named_parameters().Select(p => (p.name, p.parameter))];
        _optimizer = Optimizers.AdamW.Create(options.Optimizer, _parameters, options.WeightDecay);
        _average = new WeightAverage(_parameters, options.AverageDecay);
        _levels = [.. Enumerable.Range(0, TimestepCount).Select(t => schedule.At(t))];
        _networkTimes = [.. Enumerable.Range(0, TimestepCount).Select(t => (float)schedule.NetworkTime(t))];
    }

    /// <summary>Iterations done.</summary>
    public long Iteration { get; private set; }

    /// <summary>Time spent in iterations, over all resumed runs.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>The share of the run that is over, in [0, 1].</summary>
    public double Progress => LearningRate.Progress(_options, Iteration, Elapsed);

    /// <summary>Trainable numbers in the network.</summary>
    public long ParameterCount => _parameters.Sum(p => p.Value.numel());

    /// <summary>Does one iteration.</summary>
    /// <exception cref="InvalidOperationException">The loss is no longer finite; weights, average and moments are as before.</exception>
    public TrainingStep Step()
    {
        var start = Stopwatch.GetTimestamp();
        using var scope = NewDisposeScope();
        var iteration = Iteration + 1;
        var random = new CounterRandom(_options.Seed, iteration, DrawPurpose);
        var batch = _data.Draw(ref random, _options.BatchSize);
        DropLabels(batch, ref random);
        var timesteps = DrawTimesteps(batch.Count, ref random);

        _network.train();
        foreach (var (_, parameter) in _parameters)
        {
            parameter.grad?.zero_();
        }

        var loss = Loss(batch, timesteps, NoiseSeed(iteration));
        loss.backward();
        var value = loss.item<float>();
        if (!float.IsFinite(value))
        {
            throw new InvalidOperationException(
                $"The loss of iteration {iteration} is {value}: lower the learning rate of {_options.LearningRate}.");
        }

        var gradientNorm = nn.utils.clip_grad_norm_(_parameters.Select(p => p.Value), _options.ClipNorm);
        var learningRate = LearningRate.At(_options, iteration, Elapsed);
        _optimizer.Step(iteration, learningRate);
        _average.Update(iteration);
        Iteration = iteration;
        Elapsed += Stopwatch.GetElapsedTime(start);
        return new TrainingStep(iteration, value, learningRate, gradientNorm);
    }

    /// <summary>L_simple of the averaged weights on the held-out textures, with the same noise each time; NaN where none are held out.</summary>
    public double HeldOutLoss()
    {
        using var average = UseAverage();
        using var frozen = no_grad();
        double sum = 0;
        for (var first = 0; first < _data.HeldOutCount; first += _options.BatchSize)
        {
            using var scope = NewDisposeScope();
            var batch = _data.HeldOut(first, Math.Min(_options.BatchSize, _data.HeldOutCount - first));
            var random = new CounterRandom(0, first, DrawPurpose);
            sum += batch.Count * (double)Loss(batch, DrawTimesteps(batch.Count, ref random), (ulong)first).item<float>();
        }

        return sum / _data.HeldOutCount;
    }

    /// <summary>Puts the averaged weights into the network, ready to sample, until the result is disposed.</summary>
    public IDisposable UseAverage() => new AverageInUse(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average.Dispose();
    }

    // [Ho20, Alg. 1] x_t = α·x_0 + σ·ε; the mean square of (target - network(x_t, t)).
    private Tensor Loss(TrainingBatch batch, int[] timesteps, ulong noiseSeed)
    {
        var (count, edge) = ((long)batch.Count, (long)_data.Canvas);
        var x0 = tensor(batch.Pixels, [count, 3, edge, edge]).to(_device);
        var mask = tensor(batch.Mask, [count, 1, edge, edge]).to(_device);
        var labels = tensor(batch.Labels).to(_device);
        var alpha = PerImage(timesteps, t => (float)_levels[t].Alpha);
        var sigma = PerImage(timesteps, t => (float)_levels[t].Sigma);
        var times = tensor(Array.ConvertAll(timesteps, t => _networkTimes[t])).to(_device);

        // Drawn on the CPU, so that the device does not change what is learned.
        using var generator = new Generator(noiseSeed);
        var epsilon = randn([count, 3, edge, edge], generator: generator).to(_device);

        var xt = (alpha * x0) + (sigma * epsilon);
        var target = _options.Prediction switch
        {
            PredictionType.Epsilon => epsilon,
            PredictionType.Sample => x0,
            _ => (alpha * epsilon) - (sigma * x0), // [Salimans22, Sec. 4]
        };
        var difference = _network.call(xt, times, labels) - target;
        return (difference * difference * mask).sum() / (mask.sum() * 3);
    }

    // The last row of the class table stands for no class. [HoSalimans22, Alg. 1]
    private void DropLabels(TrainingBatch batch, ref CounterRandom random)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (random.NextDouble() < _options.LabelDropout)
            {
                batch.Labels[i] = _data.ClassNames.Count;
            }
        }
    }

    // Uniform as in [Ho20, Alg. 1], but one in each N-th of the range: less variance for nothing. [Kingma21, App. I.1]
    private static int[] DrawTimesteps(int count, ref CounterRandom random)
    {
        var offset = random.NextDouble();
        var timesteps = new int[count];
        for (var i = 0; i < count; i++)
        {
            timesteps[i] = Math.Min((int)((i + offset) / count * TimestepCount), TimestepCount - 1);
        }

        return timesteps;
    }

    private ulong NoiseSeed(long iteration) => new CounterRandom(_options.Seed, iteration, NoisePurpose).NextBits();

    private Tensor PerImage(int[] timesteps, Converter<int, float> value) =>
        tensor(Array.ConvertAll(timesteps, value), [timesteps.Length, 1, 1, 1]).to(_device);

    private sealed class AverageInUse : IDisposable
    {
        private Trainer? _trainer;

        public AverageInUse(Trainer trainer)
        {
            _trainer = trainer;
            trainer._average.Exchange();
            trainer._network.eval();
        }

        public void Dispose()
        {
            _trainer?._average.Exchange();
            _trainer = null;
        }
    }
}
