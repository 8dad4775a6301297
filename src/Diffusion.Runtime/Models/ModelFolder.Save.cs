using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models.Configuration;

namespace Diffusion.Runtime.Models;

/// <content>Writing.</content>
public sealed partial class ModelFolder
{
    private static readonly JsonWriterOptions _writerOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // config files are not HTML
    };

    /// <summary>Where a pipeline folder keeps the network's weights; <see cref="Save"/> makes its folder.</summary>
    public static string WeightsPath(string path) => System.IO.Path.Combine(path, UNetFolder, WeightsName);

    /// <summary>
    /// Writes the configs of a pipeline folder; the caller writes the weights to <see cref="WeightsPath"/>.
    /// </summary>
    /// <remarks>An optimal variance in the folder is deleted: it was that of the weights before.</remarks>
    /// <param name="path">The folder; made when missing. Configs in it are replaced, each whole or not at all.</param>
    /// <param name="config">The network; <see cref="UNetConfig.NumClassEmbeds"/> is the number of names, one more for a
    /// null class, or for a distilled network the names times the numbers of steps.</param>
    /// <param name="scheduler">The noise it was trained on.</param>
    /// <param name="classNames">Names by label, unique; empty for a network without classes.</param>
    /// <exception cref="ArgumentException">A config breaks a rule; nothing was written.</exception>
    /// <exception cref="IOException">The folder cannot be written (or
    /// <see cref="UnauthorizedAccessException"/>).</exception>
    public static void Save(string path, UNetConfig config, SchedulerConfig scheduler, IReadOnlyList<string> classNames)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(classNames);
        ThrowIfProblem(UNetConfigRules.FindProblem(config), nameof(config));
        ThrowIfProblem(SchedulerRules.FindProblem(scheduler), nameof(scheduler));
        ThrowIfProblem(FindClassProblem(config, scheduler.Sampler, classNames), nameof(classNames));

        string network = System.IO.Path.Combine(path, UNetFolder);
        string noise = System.IO.Path.Combine(path, SchedulerFolder);
        Directory.CreateDirectory(network);
        Directory.CreateDirectory(noise);
        File.Delete(System.IO.Path.Combine(path, VarianceName));
        WriteJson(network, UNetConfigName, json => UNetConfigJson.Write(json, config));
        WriteJson(noise, SchedulerConfigName, json => SchedulerConfigJson.Write(json, scheduler));
        WriteJson(path, IndexName, json => WriteIndex(json, scheduler, classNames));
    }

    /// <summary>
    /// Writes the optimal variance into an existing model folder as <c>optimal_variance.json</c>, whole or not at all.
    /// </summary>
    /// <param name="path">The model folder.</param>
    /// <param name="variance">The curve; <see cref="ModelDescription.CleanVariance"/> once the folder is opened
    /// again.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">The folder cannot be written (or
    /// <see cref="UnauthorizedAccessException"/>).</exception>
    public static void SaveCleanVariance(string path, CleanVariance variance)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(variance);
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path}: there is no such model folder.");
        }

        WriteJson(path, VarianceName, json => CleanVarianceJson.Write(json, variance));
    }

    private static void ThrowIfProblem(string? problem, string parameter)
    {
        if (problem is not null)
        {
            throw new ArgumentException($"The model cannot be saved: {problem}.", parameter);
        }
    }

    private static void WriteIndex(Utf8JsonWriter json, SchedulerConfig scheduler, IReadOnlyList<string> classNames)
    {
        json.WriteStartObject();
        json.WriteString("_class_name", "DDPMPipeline");
        if (classNames.Count > 0)
        {
            json.WriteStartObject("id2label");
            for (int label = 0; label < classNames.Count; label++)
            {
                json.WriteString(label.ToString(CultureInfo.InvariantCulture), classNames[label]);
            }

            json.WriteEndObject();
        }

        WriteComponent(json, SchedulerFolder, scheduler.Sampler.ClassName);
        WriteComponent(json, UNetFolder, UNetConfigJson.ClassName);
        json.WriteEndObject();
    }

    private static void WriteComponent(Utf8JsonWriter json, string name, string className)
    {
        json.WriteStartArray(name);
        json.WriteStringValue("diffusers");
        json.WriteStringValue(className);
        json.WriteEndArray();
    }

    private static void WriteJson(string folder, string name, Action<Utf8JsonWriter> write) =>
        AtomicFile.Write(System.IO.Path.Combine(folder, name), stream =>
        {
            using (var json = new Utf8JsonWriter(stream, _writerOptions))
            {
                write(json);
            }

            stream.WriteByte((byte)'\n');
        });
}
