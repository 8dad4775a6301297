using System.Security.Cryptography;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Training;

/// <summary>The model that a run distils or begins with, so that a resumed run finds the same one again.</summary>
/// <param name="Path">Its folder, as it was given.</param>
/// <param name="Sha256">Of its weights, in lower-case hexadecimal.</param>
internal sealed record ModelReference(string Path, string Sha256)
{
    /// <summary>Takes note of a model folder.</summary>
    public static ModelReference Of(ModelFolder folder) => new(folder.Path, HashOf(folder));

    /// <summary>Opens the folder.</summary>
    /// <exception cref="UserErrorException">Its weights are others by now.</exception>
    public ModelFolder Open()
    {
        var folder = ModelFolder.Open(Path);
        return HashOf(folder) == Sha256
            ? folder
            : throw new UserErrorException($"The weights in '{Path}' are not those that this run began with.");
    }

    private static string HashOf(ModelFolder folder)
    {
        using var stream = File.OpenRead(folder.WeightsFile);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
