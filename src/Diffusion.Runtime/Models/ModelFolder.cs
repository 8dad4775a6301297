using System.Globalization;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models.Configuration;
using Diffusion.Runtime.Models.Files;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Models;

/// <summary>
/// A diffusers model folder, on disk or in memory: what the network is, what noise it was trained on, and where its
/// weights lie.
/// </summary>
/// <remarks>
/// Two layouts are read: a pipeline (<c>model_index.json</c>, <c>unet/</c>, <c>scheduler/</c>) and a folder that holds
/// the network itself (<c>config.json</c> and weights), as early unconditional checkpoints do. Opening reads the
/// configs only. Immutable; any thread.
/// </remarks>
/// <example><code>
/// ModelFolder folder = ModelFolder.Open("models/textures-64");
/// using SafetensorsFile weights = folder.OpenWeights();
/// </code></example>
public sealed partial class ModelFolder
{
    private const string IndexName = "model_index.json";
    private const string UNetFolder = "unet";
    private const string UNetConfigName = "config.json";
    private const string SchedulerFolder = "scheduler";
    private const string SchedulerConfigName = "scheduler_config.json";
    private const string WeightsName = "diffusion_pytorch_model.safetensors";
    private const string VarianceName = "optimal_variance.json";
    private const string HalfWeightsName = "diffusion_pytorch_model.fp16.safetensors";

    private readonly ModelFiles _files;
    private readonly List<string> _warnings = [];
    private readonly string _weights;

    private ModelFolder(ModelFiles files)
    {
        bool isPipeline = files.HasFolder(UNetFolder);
        if (!isPipeline && !files.Has(UNetConfigName))
        {
            throw new ModelFormatException(
                files.Root,
                $"this is no model folder; expected {UNetFolder}/{UNetConfigName} or {UNetConfigName} in it");
        }

        _files = files;
        string network = isPipeline ? UNetFolder + "/" : "";
        Config = ReadUNet(network + UNetConfigName);
        Scheduler = ReadScheduler(isPipeline);
        IReadOnlyList<int> distilled = Scheduler.Sampler.DistilledSteps;
        ClassNames = ReadClassNames(isPipeline);
        NullLabel = distilled.Count == 0 && Config.NumClassEmbeds == ClassNames.Count + 1
            ? Config.NumClassEmbeds - 1
            : -1;
        _weights = FindWeights(files, network);
        Description = new ModelDescription
        {
            ClassNames = ClassNames,
            NullLabel = NullLabel,
            DistilledSteps = distilled,
            Prediction = Scheduler.Prediction,
            Schedule = Scheduler.CreateSchedule(),
            ClampLimit = (float)Scheduler.ClipSampleRange,
            SigmaData = Scheduler.Edm?.SigmaData ?? Denoising.Preconditioning.DefaultSigmaData,
            PredictsVariance = Config.OutChannels == 2 * Config.InChannels,
            CleanVariance = ReadVariance(),
        };
    }

    /// <summary>
    /// The folder, as given to <see cref="Open(string)"/>; of a model in memory, the name that was given to it.
    /// </summary>
    public string Path => _files.Root;

    /// <summary>The network's architecture, validated.</summary>
    public UNetConfig Config { get; }

    /// <summary>The noise it was trained on, validated.</summary>
    public SchedulerConfig Scheduler { get; }

    /// <summary>Class names by label, the null class left out; empty for a network without classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The label of the null class, one past the last name; -1 when the class table has no such row.</summary>
    public int NullLabel { get; }

    /// <summary>
    /// What a chain needs to know: classes, prediction type, schedule and clamp limit from the properties above, and
    /// the optimal variance where <c>optimal_variance.json</c> lies in the folder.
    /// </summary>
    public ModelDescription Description { get; }

    /// <summary>The safetensors file; it exists, unless the model is in memory.</summary>
    public string WeightsFile => _files.PathOf(_weights);

    /// <summary>What was read but not understood, one sentence each; empty when all was.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads a model folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ModelFormatException">A file is missing or breaks a rule; the message names both.</exception>
    public static ModelFolder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path}: there is no such model folder.");
        }

        return new ModelFolder(new FolderFiles(path));
    }

    /// <summary>Reads a model folder whose files are in memory, from an archive of the application's.</summary>
    /// <param name="files">
    /// The files by their path in the folder, with slashes: <c>unet/config.json</c>. Their bytes are read when needed
    /// and not copied, so they must stay as they are for as long as the result is used. Files that a model does not
    /// have do not matter.
    /// </param>
    /// <param name="name">What messages call the folder.</param>
    /// <exception cref="ModelFormatException">A file is missing or breaks a rule; the message names both.</exception>
    public static ModelFolder Open(
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string name = "memory")
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ModelFolder(new MemoryFiles(files, name));
    }

    /// <summary>Opens the weights; the caller disposes.</summary>
    /// <exception cref="ModelFormatException">The file breaks the safetensors format.</exception>
    public SafetensorsFile OpenWeights() => _files.OpenWeights(_weights);

    private UNetConfig ReadUNet(string name)
    {
        ConfigObject json = ConfigObject.Load(_files, name);
        UNetConfig config = UNetConfigJson.Read(json, _warnings);
        WarnOfUnread(name, json);
        return config;
    }

    private SchedulerConfig ReadScheduler(bool isPipeline)
    {
        string name = $"{SchedulerFolder}/{SchedulerConfigName}";
        if (!isPipeline && !_files.Has(name))
        {
            name = SchedulerConfigName;
            if (!_files.Has(name))
            {
                _warnings.Add($"{_files.PathOf(name)} is missing: DDPM's linear schedule of 1000 steps is assumed.");
                return new SchedulerConfig();
            }
        }

        ConfigObject json = ConfigObject.Load(_files, name);
        SchedulerConfig config = SchedulerConfigJson.Read(json, _warnings);
        WarnOfUnread(name, json);
        return config;
    }

    private CleanVariance? ReadVariance()
    {
        if (!_files.Has(VarianceName))
        {
            return null;
        }

        ConfigObject json = ConfigObject.Load(_files, VarianceName);
        CleanVariance variance = CleanVarianceJson.Read(json);
        WarnOfUnread(VarianceName, json);
        return variance;
    }

    private IReadOnlyList<string> ReadClassNames(bool isPipeline)
    {
        string file = _files.PathOf(IndexName);
        IReadOnlyList<string> names = [];
        if (isPipeline || _files.Has(IndexName))
        {
            ConfigObject json = ConfigObject.Load(_files, IndexName);
            json.Ignore(UNetFolder, SchedulerFolder);
            names = json.IndexedTexts("id2label");
            WarnOfUnread(IndexName, json);
        }

        if (FindClassProblem(Config, Scheduler.Sampler, names) is { } problem)
        {
            throw new ModelFormatException(file, problem);
        }

        int rows = Config.NumClassEmbeds;
        if (names.Count == 0 && rows > 1)
        {
            _warnings.Add($"{file} names no classes: the {rows} rows of the class table go by their numbers.");
            return [.. Enumerable.Range(0, rows).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        }

        if (rows > names.Count + 1 && Scheduler.Sampler.DistilledSteps.Count == 0)
        {
            _warnings.Add($"{file} names {names.Count} classes and the class table has {rows} rows: "
                + "those left over cannot be asked for.");
        }

        return names;
    }

    private static string? FindClassProblem(UNetConfig config, SamplerConfig sampler, IReadOnlyList<string> names)
    {
        int stepCounts = sampler.DistilledSteps.Count;
        if (stepCounts > 0 && (names.Count == 0 || config.NumClassEmbeds != names.Count * stepCounts))
        {
            return $"'num_class_embeds' is {config.NumClassEmbeds}; it must be the {names.Count} classes of 'id2label' "
                + $"(at least 1) times the {stepCounts} numbers of 'distilled_steps'";
        }

        if (names.Count > config.NumClassEmbeds)
        {
            return $"'id2label' names {names.Count} classes and the network's 'num_class_embeds' is "
                + $"{config.NumClassEmbeds}; every class needs a row";
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int label = 0; label < names.Count; label++)
        {
            if (string.IsNullOrWhiteSpace(names[label]) || names[label].Any(char.IsControl))
            {
                return $"the name of class {label} in 'id2label' is empty or not printable";
            }

            if (!seen.Add(names[label]))
            {
                return $"'id2label' has '{names[label]}' twice; names must be unique, as requests choose by name";
            }
        }

        return null;
    }

    private static string FindWeights(ModelFiles files, string network)
    {
        foreach (string name in (ReadOnlySpan<string>)[WeightsName, HalfWeightsName])
        {
            if (files.Has(network + name))
            {
                return network + name;
            }
        }

        throw new ModelFormatException(
            files.PathOf(network + WeightsName),
            "the weights are missing; only safetensors is read, no pickle (.bin)");
    }

    private void WarnOfUnread(string name, ConfigObject json)
    {
        foreach (string key in json.UnreadKeys)
        {
            _warnings.Add($"{_files.PathOf(name)} has the unknown key '{key}', which is ignored.");
        }
    }
}
