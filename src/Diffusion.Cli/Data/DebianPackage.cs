namespace Diffusion.Cli.Data;

/// <summary>A pinned package of Debian 12 that the texture set is cut from.</summary>
/// <param name="Name">The package's name.</param>
/// <param name="Version">The pinned version.</param>
/// <param name="Sha256">Checksum of the .deb, lower-case hex.</param>
/// <param name="Archive">The zip inside the package that holds the textures, or null where they lie there as
/// files.</param>
internal sealed record DebianPackage(string Name, string Version, string Sha256, string? Archive)
{
    public static IReadOnlyList<DebianPackage> All { get; } =
    [
        new("0ad-data", "0.0.26-1", "53745ae74d05bccf6783400fa98f3932b21729ab9d2e86151aa2c331c3455178",
            "usr/share/games/0ad/mods/public/public.zip"),
        new("redeclipse-data", "1.6.0-1", "ada26453d3100bd61154ce20a699352f0b48bb29f8505f477ebdcb612f71ab42", null),
    ];

    public string FileName => $"{Name}_{Version}_all.deb";
}
