using System.Diagnostics;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Times;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>
/// Algorithm 1: trains a network to predict what noise did to a picture, by any of the objectives. [Ho20, Alg. 1]
/// </summary>
/// <remarks>
/// <para>
/// All randomness is a function of (seed, iteration) and what a checkpoint holds, so <see cref="Load"/> after <see
/// cref="Save"/> goes on bit for bit as if there had been no stop, on the same device and thread count, as long as no
/// time budget drives the learning rate.
/// </para>
/// <para>Borrows the network, which stays in the caller's hands. One thread.</para>
/// </remarks>
public sealed partial class Trainer : IDisposable
{
    private const uint DrawPurpose = 1;
    private const uint NoisePurpose = 2;

    private readonly nn.Module<Tensor, Tensor, Tensor?, Tensor> _network;
    private readonly TrainingData _data;
    private readonly TrainingOptions _options;
    private readonly Device _device;
    private readonly (string Name, Parameter Value)[] _parameters;
    private readonly Optimizers.AdamW _optimizer;
    private readonly WeightAverage _average;
    private readonly Objective _objective;
    private readonly TimeSampler _times;
    private readonly LowDiscrepancyTimes _heldOutTimes = new();

    /// <summary>Makes a trainer at iteration 0.</summary>
    /// <param name="network">
    /// (x [N, C, H, W] float in [-1, 1] plus noise, timestep [N] float, label [N] int64) to [N, C, H, W], or
    /// [N, 2·C, H, W] for a learned variance; its class table has one row more than the data has classes, the last for
    /// "no class".
    /// </param>
    /// <param name="data">What to learn.</param>
    /// <param name="schedule">The forward process; of one with a table, times are the table's entries.</param>
    /// <param name="options">How to learn.</param>
    /// <param name="device">Where; the network is moved there.</param>
    /// <param name="teacher">
    /// For <see cref="TrainingObjective.Distillation"/>, a network as above that the student shall follow, in
    /// evaluation mode, borrowed and moved to the device; the student's class table then has a row for each number of
    /// steps and class. Else null.
    /// </param>
    /// <exception cref="ArgumentException">An option is outside its range, or some do not go together.</exception>
    public Trainer(
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        TrainingData data,
        NoiseSchedule schedule,
        TrainingOptions options,
        Device device,
        nn.Module<Tensor, Tensor, Tensor?, Tensor>? teacher = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        options.Validate();
        if (TrainingRules.FindProblem(options, schedule) is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        if (teacher is not null != (options.Objective == TrainingObjective.Distillation))
        {
            throw new ArgumentException(
                $"A teacher goes with the objective Distillation and none else, not with {options.Objective}.",
                nameof(teacher));
        }

        long largestBatch = Array.MaxLength / ((long)data.Channels * data.Canvas * data.Canvas);
        if (options.BatchSize > largestBatch)
        {
            throw new ArgumentException(
                $"BatchSize is {options.BatchSize}; it can be at most {largestBatch} for pictures of this size.",
                nameof(options));
        }

        _network = network;
        _data = data;
        _options = options;
        _device = device;
        _network.to(device);
        teacher?.to(device);
        var levels = new LevelMap(schedule, options.Objective);
        _objective = Objective.Create(
            network, schedule, levels, options, device, teacher, data.ClassNames.Count);
        _times = TimeSampler.Create(options.TimeSampling, levels);
        _parameters =
        [
            .. network.named_parameters().Select(p => (p.name, p.parameter)),
            .. _objective.Parameters.Select(p => (ObjectivePrefix + p.Name, p.Value)),
        ];
        _optimizer = Optimizers.AdamW.Create(options.Optimizer, _parameters, options.WeightDecay);
        _average = new WeightAverage(_parameters, options.AverageDecay);
    }

    /// <summary>Iterations done.</summary>
    public long Iteration { get; private set; }

    /// <summary>Time spent in iterations, over all resumed runs.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>The share of the run that is over, in [0, 1].</summary>
    public double Progress => LearningRate.Progress(_options, Iteration, Elapsed);

    /// <summary>The schedule to sample on: that of training, or what an objective has learned in its place.</summary>
    public NoiseSchedule Schedule => _objective.Schedule;

    /// <summary>Numbers that are trained.</summary>
    public long ParameterCount => _parameters.Sum(p => p.Value.numel());

    /// <summary>Does one iteration.</summary>
    /// <exception cref="DivergedException">Loss or gradient are no longer finite; weights, average, moments and
    /// history are as before.</exception>
    public TrainingStep Step()
    {
        var start = Stopwatch.GetTimestamp();
        using var scope = NewDisposeScope();
        var iteration = Iteration + 1;
        var random = new CounterRandom(_options.Seed, iteration, DrawPurpose);
        var batch = Draw(ref random);
        DropLabels(batch, ref random);
        var draws = _times.Draw(batch.Count, ref random);

        _network.train();
        foreach (var (_, parameter) in _parameters)
        {
            parameter.grad?.zero_();
        }

        var mask = MaskOf(batch);
        var losses = Losses(batch, draws, NoiseSeed(iteration));
        var loss = Mean(losses.Values, mask, draws);
        loss.backward();
        var value = loss.item<float>();
        if (!float.IsFinite(value))
        {
            throw Diverged(iteration, "loss", value);
        }

        var perPicture = losses.FinishGradients is not null || _times.LearnsFromLosses
            ? (losses.Values.detach() * mask).sum([1, 2, 3]) / (mask.sum([1, 2, 3]) * _data.Channels)
            : null;
        losses.FinishGradients?.Invoke(perPicture!);
        var gradientNorm = nn.utils.clip_grad_norm_(_parameters.Select(p => p.Value), _options.ClipNorm);
        if (!double.IsFinite(gradientNorm))
        {
            throw Diverged(iteration, "gradient", gradientNorm);
        }

        var learningRate = LearningRate.At(_options, iteration, Elapsed);
        _optimizer.Step(iteration, learningRate);
        _average.Update(iteration);
        if (_times.LearnsFromLosses)
        {
            _times.Observe(draws, perPicture!.cpu().data<float>().ToArray());
        }

        Iteration = iteration;
        Elapsed += Stopwatch.GetElapsedTime(start);
        return new TrainingStep(iteration, value, learningRate, gradientNorm);
    }

    /// <summary>
    /// The objective's loss of the averaged weights on the held-out textures, with the same times and noise each time
    /// whatever the sampler of times; NaN where none are held out.
    /// </summary>
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
            var draws = _heldOutTimes.Draw(batch.Count, ref random);
            var losses = Losses(batch, draws, (ulong)first).Values;
            sum += batch.Count * (double)Mean(losses, MaskOf(batch), draws).item<float>();
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
        _objective.Dispose();
        _times.Dispose();
        _heldOutTimes.Dispose();
    }

    private TrainingBatch Draw(ref CounterRandom random) =>
        _options.LargeCanvasShare > 0 && random.NextDouble() < _options.LargeCanvasShare
            ? _data.DrawLarge(ref random, Math.Max(1, _options.BatchSize / 4))
            : _data.Draw(ref random, _options.BatchSize);

    private ObjectiveLosses Losses(TrainingBatch batch, TimeDraw[] draws, ulong noiseSeed)
    {
        var edge = (long)batch.Edge;
        var clean = tensor(batch.Pixels, [batch.Count, _data.Channels, edge, edge]).to(_device);
        var labels = tensor(batch.Labels).to(_device);
        using var generator = new Generator(noiseSeed);
        return _objective.Losses(new ObjectiveBatch(clean, labels, draws, generator));
    }

    private Tensor MaskOf(TrainingBatch batch) =>
        tensor(batch.Mask, [batch.Count, 1, batch.Edge, batch.Edge]).to(_device);

    // The mean over the mask, each picture's part times its weight.
    private Tensor Mean(Tensor losses, Tensor mask, TimeDraw[] draws)
    {
        var counted = losses * mask;
        if (draws.Any(draw => draw.Weight != 1))
        {
            var weights = Array.ConvertAll(draws, draw => (float)draw.Weight);
            counted *= tensor(weights, [draws.Length, 1, 1, 1]).to(_device);
        }

        return counted.sum() / (mask.sum() * _data.Channels);
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

    private DivergedException Diverged(long iteration, string what, double value) => new(
        $"The {what} of iteration {iteration} is {value}: lower the learning rate of {_options.LearningRate}.");

    private ulong NoiseSeed(long iteration) => new CounterRandom(_options.Seed, iteration, NoisePurpose).NextBits();

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
