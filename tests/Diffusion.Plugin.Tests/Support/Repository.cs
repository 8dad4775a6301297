using System.Reflection;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>Where the checkout and what was built from it lie.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The model that ships with the project.</summary>
    public static string Model => Path.Combine(Root, "models", "textures-64");

    public static string Header => Path.Combine(Root, "include", "diffusion.h");

    /// <summary>The published library; skips the test where the build left it out.</summary>
    public static string Library
    {
        get
        {
            string path = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(data => data.Key == "PluginLibrary").Value!;
            Skip.IfNot(File.Exists(path), $"{path} is not there: the build was run with SkipPlugin.");
            return path;
        }
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Diffusion.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests run outside the checkout.");
    }
}
