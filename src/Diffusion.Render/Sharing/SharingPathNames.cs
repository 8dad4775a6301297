namespace Diffusion.Render.Sharing;

/// <summary>The names of <see cref="SharingPath"/> on command lines and in reports.</summary>
public static class SharingPathNames
{
    /// <summary>All paths, best first.</summary>
    public static IReadOnlyList<SharingPath> All { get; } =
        [SharingPath.InPlace, SharingPath.Cuda, SharingPath.HostImport, SharingPath.Staging];

    /// <summary>A path's name, such as "host-import".</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="ArgumentOutOfRangeException">No path of the enumeration.</exception>
    public static string NameOf(SharingPath path) => path switch
    {
        SharingPath.InPlace => "in-place",
        SharingPath.Cuda => "cuda",
        SharingPath.HostImport => "host-import",
        SharingPath.Staging => "staging",
        _ => throw new ArgumentOutOfRangeException(nameof(path), path, "Unknown path."),
    };

    /// <summary>The path of a name.</summary>
    /// <param name="name">A name as <see cref="NameOf"/> gives it.</param>
    /// <exception cref="ArgumentException">No path has this name; the message lists those that there are.</exception>
    public static SharingPath Parse(string name)
    {
        foreach (SharingPath path in All)
        {
            if (NameOf(path) == name)
            {
                return path;
            }
        }

        throw new ArgumentException(
            $"Sharing path '{name}' is unknown: it must be one of {string.Join(", ", All.Select(NameOf))}.");
    }
}
