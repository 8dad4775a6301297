using System.Text.Json;
using System.Text.Json.Serialization;
using Diffusion.Torch.Quality;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>quality.json</c>: the comparison with its marks.</summary>
/// <remarks>Keys are snake_case and stable; later versions add keys.</remarks>
internal sealed record QualityResult
{
    private static readonly JsonSerializerOptions _format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public int Schema { get; init; } = 1;

    public required string Date { get; init; }

    public required string Machine { get; init; }

    /// <summary>Textures of each class.</summary>
    public required int Count { get; init; }

    public required ulong Seed { get; init; }

    public required int Edge { get; init; }

    public int BudgetMs { get; init; } = RowTimer.BudgetMs;

    public required int Replicates { get; init; }

    public required int ClassifierIterations { get; init; }

    /// <summary>Classes that figures are means over.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Held-out pictures of each of these classes.</summary>
    public required IReadOnlyList<int> HeldOutCounts { get; init; }

    /// <summary>Classes of which nothing is held out.</summary>
    public required IReadOnlyList<string> OtherClasses { get; init; }

    public required QualityScore HeldOut { get; init; }

    public required QualityScore Training { get; init; }

    /// <summary>Training pictures of the next class.</summary>
    public required QualityScore AnotherClass { get; init; }

    public required QualityScore Noise { get; init; }

    public required IReadOnlyList<RowResult> Rows { get; init; }

    /// <summary>Writes it.</summary>
    public void WriteJson(Stream stream) => JsonSerializer.Serialize(stream, this, _format);
}
