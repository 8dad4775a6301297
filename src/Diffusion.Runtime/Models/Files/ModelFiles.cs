using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Models.Files;

/// <summary>Where the files of a model lie: on a disk or in memory. One set of checks reads both.</summary>
/// <param name="root">The folder, or what messages say in its place.</param>
internal abstract class ModelFiles(string root)
{
    /// <summary>The folder, or what messages say in its place.</summary>
    public string Root { get; } = root;

    /// <summary>A file as messages name it.</summary>
    /// <param name="name">Its path in the model, with slashes.</param>
    public string PathOf(string name) => Path.Combine(Root, Path.Combine(name.Split('/')));

    public abstract bool HasFolder(string name);

    public abstract bool Has(string name);

    /// <summary>A copy of a config file, the caller's to change.</summary>
    /// <exception cref="ModelFormatException">It is missing or longer than <paramref name="limit"/>.</exception>
    public abstract byte[] Read(string name, int limit);

    /// <exception cref="ModelFormatException">The file breaks the safetensors format.</exception>
    public abstract SafetensorsFile OpenWeights(string name);

    protected ModelFormatException Missing(string name) =>
        new(PathOf(name), "the file is missing; a model folder needs it");

    protected ModelFormatException TooLong(string name, long length, int limit) =>
        new(PathOf(name), $"{length} bytes are over the limit of {limit} for a config");
}
