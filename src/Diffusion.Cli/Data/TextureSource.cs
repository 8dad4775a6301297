namespace Diffusion.Cli.Data;

/// <summary>One texture of the training set: a line of the manifest.</summary>
/// <param name="ClassName">The class it teaches, also its folder in the set.</param>
/// <param name="Package">The Debian package that holds it.</param>
/// <param name="Path">The path inside the package (for 0ad-data: inside its public.zip).</param>
/// <param name="Licence">The licence of the picture.</param>
/// <param name="FileName">The name of the converted picture: its position in the class, then its name in the
/// package.</param>
/// <param name="IsHeldOut">Whether it is kept from training, to measure by.</param>
internal sealed record TextureSource(
    string ClassName, string Package, string Path, string Licence, string FileName, bool IsHeldOut);
