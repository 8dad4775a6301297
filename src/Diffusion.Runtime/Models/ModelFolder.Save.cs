using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
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
    /// <param name="path">The folder; made when missing. Configs in it are replaced, each whole or not at all.</param>
    /// <param name="config">The network; <see cref="UNetConfig.NumClassEmbeds"/> is the number of names, or one more
    /// for a null class.</param>
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
        ThrowIfProblem(SchedulerConfigJson.FindProblem(scheduler), nameof(scheduler));
        ThrowIfProblem(FindClassProblem(config, classNames), nameof(classNames));

        string network = System.IO.Path.Combine(path, UNetFolder);
        string noise = System.IO.Path.Combine(path, SchedulerFolder);
        Directory.CreateDirectory(network);
        Directory.CreateDirectory(noise);
        WriteJson(network, UNetConfigName, json => UNetConfigJson.Write(json, config));
        WriteJson(noise, SchedulerConfigName, json => SchedulerConfigJson.Write(json, scheduler));
        WriteJson(path, IndexName, json => WriteIndex(json, scheduler, classNames));
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
