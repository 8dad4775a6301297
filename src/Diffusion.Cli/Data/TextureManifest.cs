using System.Globalization;

namespace Diffusion.Cli.Data;

/// <summary>
/// The list of textures that make the training set: tab-separated class, package, path, licence and use
/// (train or held-out), sorted.
/// </summary>
internal static class TextureManifest
{
    private const string ResourceName = "textures-manifest.tsv";

    /// <summary>Reads the manifest that this program carries.</summary>
    public static IReadOnlyList<TextureSource> Load()
    {
        using var stream = typeof(TextureManifest).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The resource '{ResourceName}' is missing from the program.");
        using var reader = new StreamReader(stream);
        return Parse(reader);
    }

    /// <summary>Parses a manifest; the order of its lines is the order of the set's checksum.</summary>
    /// <exception cref="InvalidDataException">A line lacks a column, names an unsafe path, or repeats one.</exception>
    public static IReadOnlyList<TextureSource> Parse(TextReader reader)
    {
        var sources = new List<TextureSource>();
        var countOfClass = new Dictionary<string, int>();
        var seen = new HashSet<(string Package, string Path)>();
        var lineNumber = 0;
        while (reader.ReadLine() is { } line)
        {
            lineNumber++;
            if (line.Length == 0)
            {
                continue;
            }

            var columns = line.Split('\t');
            if (columns.Length != 5 || columns.Any(string.IsNullOrWhiteSpace))
            {
                throw Bad(lineNumber, "must have five columns: class, package, path, licence, use");
            }

            var (className, package, path, licence, use) = (columns[0], columns[1], columns[2], columns[3], columns[4]);
            if (use is not ("train" or TextureFolder.HeldOut))
            {
                throw Bad(lineNumber, $"has the use '{use}', which must be train or {TextureFolder.HeldOut}");
            }

            if (!IsPlainName(className) || !IsPlainName(package))
            {
                throw Bad(lineNumber, $"has a class or package '{className}', '{package}' that is not a plain name");
            }

            if (path.StartsWith('/') || path.Split('/').Contains(".."))
            {
                throw Bad(lineNumber, $"names the path '{path}', which leaves the package");
            }

            if (!seen.Add((package, path)))
            {
                throw Bad(lineNumber, $"repeats '{path}'");
            }

            var index = countOfClass[className] = countOfClass.GetValueOrDefault(className) + 1;
            sources.Add(new TextureSource(
                className, package, path, licence, FileNameOf(index, path), use == TextureFolder.HeldOut));
        }

        return sources;
    }

    // "alpine/dirt_01.png.cached.dds" -> "007-dirt_01.png": numbered, because names repeat between folders of the
    // package.
    private static string FileNameOf(int index, string path)
    {
        var name = Path.GetFileName(path);
        name = name[..name.IndexOf('.', StringComparison.Ordinal)].Replace(' ', '_');
        return string.Create(CultureInfo.InvariantCulture, $"{index:000}-{name}.png");
    }

    private static bool IsPlainName(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '+');

    private static InvalidDataException Bad(int lineNumber, string rule) =>
        new($"Line {lineNumber} of the texture manifest {rule}.");
}
