using System.Text.Json;
using System.Text.Json.Serialization;
using Diffusion.Cli.Output;

namespace Diffusion.Cli.Reporting;

/// <summary>How the commands write their reports: JSON, keys and enums in snake case, without what is null.</summary>
internal static partial class ReportFormat
{
    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Writes a report whole or not at all.</summary>
    public static void Save<T>(string path, T report) =>
        OutputFile.Write(path, stream => JsonSerializer.Serialize(stream, report, _options));

    /// <summary>The same for frames; without reflection, which the demo as a native program does not have.</summary>
    public static void Save(string path, FrameReport report) =>
        OutputFile.Write(path, stream => JsonSerializer.Serialize(stream, report, FrameContext.Default.FrameReport));

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(FrameReport))]
    private sealed partial class FrameContext : JsonSerializerContext;
}
