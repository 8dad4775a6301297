using System.Globalization;
using Diffusion.Runtime.Models.Safetensors;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <content>
/// Checkpoints: one safetensors file with weights, average, moments, the history of the sampler of times, and the
/// position in the run.
/// </content>
public sealed partial class Trainer
{
    private const string WeightsPrefix = "weights.";
    private const string FirstMomentsPrefix = "adam_m.";
    private const string SecondMomentsPrefix = "adam_v.";
    private const string TimesPrefix = "times.";
    private const string IterationKey = "iteration";
    private const string ElapsedKey = "elapsed_ticks";
    private const string SeedKey = "seed";

    /// <summary>What the names of the averaged weights begin with in a checkpoint.</summary>
    public const string AveragePrefix = "average.";

    /// <summary>
    /// What the names of parameters that are the objective's, not the network's, begin with after their prefix.
    /// </summary>
    public const string ObjectivePrefix = "objective.";

    /// <summary>Writes everything that <see cref="Load"/> needs, whole or not at all.</summary>
    /// <param name="path">The file; its folder must exist. An old file is replaced.</param>
    /// <exception cref="IOException">The folder is missing or the disk is full.</exception>
    public void Save(string path)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        writer.Metadata[IterationKey] = Iteration.ToString(CultureInfo.InvariantCulture);
        writer.Metadata[ElapsedKey] = Elapsed.Ticks.ToString(CultureInfo.InvariantCulture);
        writer.Metadata[SeedKey] = _options.Seed.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in State())
        {
            writer.Add(name, SafetensorsDType.F32, value.shape, destination => CopyOut(value, destination));
        }

        writer.Save(path);
    }

    /// <summary>Goes back to where <see cref="Save"/> was called.</summary>
    /// <param name="path">A checkpoint of the same network and seed.</param>
    /// <exception cref="InvalidDataException">It is of another network or seed, or not a checkpoint; nothing was
    /// changed.</exception>
    public void Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var iteration = ReadNumber(file, IterationKey);
        var elapsed = ReadNumber(file, ElapsedKey);
        var seed = ReadNumber(file, SeedKey);
        if ((ulong)seed != _options.Seed)
        {
            throw new InvalidDataException($"'{path}' was made with seed {(ulong)seed}, not {_options.Seed}.");
        }

        foreach (var (name, value) in State())
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(value.shape))
            {
                throw new InvalidDataException(
                    $"'{path}' is a checkpoint of another network or objective: '{name}' is "
                    + $"{entry?.ShapeText ?? "missing"}, not [{string.Join(", ", value.shape)}].");
            }
        }

        using var frozen = no_grad();
        foreach (var (name, value) in State())
        {
            using var scope = NewDisposeScope();
            var numbers = new float[value.numel()];
            file.CopyTo(name, numbers);
            value.copy_(tensor(numbers, value.shape));
        }

        Iteration = iteration;
        Elapsed = TimeSpan.FromTicks(elapsed);
    }

    private IEnumerable<(string Name, Tensor Value)> State() =>
    [
        .. _parameters.Select(p => (WeightsPrefix + p.Name, (Tensor)p.Value)),
        .. _average.Values.Select(p => (AveragePrefix + p.Name, p.Value)),
        .. _optimizer.FirstMoments.Select(p => (FirstMomentsPrefix + p.Name, p.Value)),
        .. _optimizer.SecondMoments.Select(p => (SecondMomentsPrefix + p.Name, p.Value)),
        .. _times.State.Select(p => (TimesPrefix + p.Name, p.Value)),
    ];

    private static void CopyOut(Tensor value, Span<float> destination)
    {
        using var scope = NewDisposeScope();
        value.detach().cpu().contiguous().data<float>().CopyTo(destination);
    }

    private static long ReadNumber(SafetensorsFile file, string key) =>
        file.Metadata.TryGetValue(key, out var text)
            && Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? unchecked((long)number)
            : throw new InvalidDataException($"'{file.Path}' is not a training checkpoint: it has no '{key}'.");
}
