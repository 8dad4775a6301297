namespace Diffusion.Plugin.Abi;

/// <summary><c>DIFFUSION_SHARING_...</c></summary>
internal enum SharingKind : uint
{
    None = 0,
    HostImport = 1,
    Staging = 2,
    InPlace = 3,
}
