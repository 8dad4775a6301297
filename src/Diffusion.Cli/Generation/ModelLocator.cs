namespace Diffusion.Cli.Generation;

/// <summary>Finds the shipped model without being told where the repository is.</summary>
internal static class ModelLocator
{
    /// <summary>The model used when none is named.</summary>
    public const string DefaultModel = "models/textures-64";

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

        if (Directory.Exists(DefaultModel))
        {
            return DefaultModel;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, DefaultModel);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new UserErrorException(
            $"the model folder '{DefaultModel}' is neither here nor above the program; name one with --model.");
    }
}
