using System.Text.Json;
using Diffusion.Cli.Output;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary><c>rows.json</c>: what a folder compares, so that later commands add rows to it.</summary>
/// <param name="Seed">Seed of the first texture of a class.</param>
/// <param name="Count">Textures of each class.</param>
/// <param name="Edge">Their edge in pixels.</param>
/// <param name="Rows">The rows.</param>
internal sealed record RowList(ulong Seed, int Count, int Edge, IReadOnlyList<QualityRow> Rows)
{
    private const string FileName = "rows.json";

    private static readonly JsonSerializerOptions _format = new() { WriteIndented = true };

    /// <summary>The rows that are there and these, by model, solver and steps.</summary>
    /// <param name="folder">The folder of the comparison.</param>
    /// <exception cref="UserErrorException">Those that are there cannot be compared with these.</exception>
    public RowList Merge(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return this;
        }

        RowList there = Read(path);
        if ((there.Seed, there.Count, there.Edge) != (Seed, Count, Edge))
        {
            throw new UserErrorException(
                $"'{folder}' compares {there.Count} textures a class from seed {there.Seed} at {there.Edge} pixels, "
                + $"and not {Count} from seed {Seed} at {Edge}; name another folder with --out.");
        }

        return this with
        {
            Rows = [.. there.Rows.Union(Rows).OrderBy(r => r.ModelKey, StringComparer.Ordinal)
                .ThenBy(r => r.Solver, StringComparer.Ordinal).ThenBy(r => r.Steps)],
        };
    }

    /// <summary>Writes the list.</summary>
    public void Save(string folder) => OutputFile.Write(
        Path.Combine(folder, FileName), stream => JsonSerializer.Serialize(stream, this, _format));

    private static RowList Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<RowList>(stream) ?? throw new JsonException("it is empty");
        }
        catch (JsonException exception)
        {
            throw new UserErrorException($"'{path}' is no list of rows: {exception.Message}", exception);
        }
    }
}
