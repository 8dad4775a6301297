using System.Globalization;
using System.Text.Json.Serialization;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>One line of the comparison: what textures were made by.</summary>
/// <param name="Model">Name of the model's folder.</param>
/// <param name="Weights">First digits of the SHA-256 of its weights.</param>
/// <param name="Guidance">Guidance scale.</param>
/// <param name="Interval">Where guidance applies, as the command line writes it; "all" without guidance.</param>
/// <param name="Solver">Solver name.</param>
/// <param name="Steps">Solver steps.</param>
internal sealed record QualityRow(
    string Model, string Weights, float Guidance, string Interval, string Solver, int Steps)
{
    /// <summary>Model and guidance, which files of the row stand under.</summary>
    [JsonIgnore]
    public string ModelKey => string.Create(CultureInfo.InvariantCulture, $"{Model}-{Weights}-g{Guidance}-{Interval}");

    /// <summary>Tells the row from all others.</summary>
    [JsonIgnore]
    public string Key => $"{ModelKey}/{Solver}-{Steps}";

    /// <summary>The row's curve: all step counts of one way to make textures.</summary>
    [JsonIgnore]
    public (string ModelKey, string Solver) Curve => (ModelKey, Solver);
}
