using System.Text.Json;
using System.Text.Json.Serialization;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Training;

/// <summary>
/// What a run was started with: <c>run.json</c> in its folder, from which it resumes and is exported.
/// </summary>
internal sealed record RunSettings
{
    public const string FileName = "run.json";

    /// <summary>Edge of the training pictures where neither a model nor the command line says it.</summary>
    public const int UsualCanvas = 64;

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public required string Schedule { get; init; }

    public required int Canvas { get; init; }

    public required IReadOnlyList<string> ClassNames { get; init; }

    public required UNetConfig Network { get; init; }

    public required TrainingOptions Options { get; init; }

    /// <summary>The model that is distilled, or null where a network learns from pictures alone.</summary>
    public ModelReference? Teacher { get; init; }

    /// <summary>The model whose weights the network begins with, or null for random ones.</summary>
    public ModelReference? Start { get; init; }

    /// <summary>A run on a model's network, in its schedule and prediction.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="canvas">Edge of the training pictures, or null for the model's.</param>
    /// <param name="options">How to learn; the prediction is the model's.</param>
    public static RunSettings OfModel(ModelFolder folder, int? canvas, TrainingOptions options) => new()
    {
        Schedule = folder.Description.Schedule.Name,
        Canvas = canvas ?? (folder.Config.SampleSize > 0 ? folder.Config.SampleSize : UsualCanvas),
        ClassNames = folder.ClassNames,
        Network = folder.Config,
        Options = options with { Prediction = folder.Description.Prediction },
    };

    /// <exception cref="UserErrorException">The folder holds no run.</exception>
    public static RunSettings Read(string runFolder)
    {
        var path = Path.Combine(runFolder, FileName);
        if (!File.Exists(path))
        {
            throw new UserErrorException($"The folder '{runFolder}' holds no training run ({FileName} is missing).");
        }

        try
        {
            var settings = JsonSerializer.Deserialize<RunSettings>(File.ReadAllText(path), _json)
                ?? throw new UserErrorException($"'{path}' is empty.");
            var stride = settings.Network.Stride;
            return stride >= 1 && settings.Canvas >= 1 && settings.Canvas % stride == 0
                ? settings
                : throw new UserErrorException(
                    $"'{path}': canvas is {settings.Canvas}; it must be a multiple of {stride}, as its network wants.");
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"'{path}' cannot be read: {exception.Message}", exception);
        }
    }

    public void Write(string runFolder) => OutputFile.Write(
        Path.Combine(runFolder, FileName), stream => JsonSerializer.Serialize(stream, this, _json));
}
