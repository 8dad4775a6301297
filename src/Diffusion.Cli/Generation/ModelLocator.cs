namespace Diffusion.Cli.Generation;

/// <summary>Finds the shipped model without being told where the repository is.</summary>
internal static class ModelLocator
{
    /// <summary>The model used when none is named.</summary>
    public const string DefaultModel = "models/textures-64";

    /// <summary>The same model distilled to few steps, for whoever does not choose how to sample.</summary>
    public const string FastModel = "models/textures-64-fast";

    /// <summary>
    /// A folder as given, or <see cref="DefaultModel"/> in the working directory or any folder above the program.
    /// </summary>
    /// <param name="model">A model folder, or null for the default.</param>
    public static string Find(string? model)
    {
        if (model is not null)
        {
            return model;
        }

        return FindShipped(DefaultModel)
            ?? throw new UserErrorException(
                $"the model folder '{DefaultModel}' is neither here nor above the program; name one with --model.");
    }

    /// <summary><see cref="FastModel"/>, found in the same way, or null.</summary>
    public static string? FindFast() => FindShipped(FastModel);

    private static string? FindShipped(string model)
    {
        if (Directory.Exists(model))
        {
            return model;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, model);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
