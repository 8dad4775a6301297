namespace Diffusion.Plugin.Abi;

/// <summary><c>DIFFUSION_CREATE_...</c></summary>
[Flags]
internal enum CreateFlags : uint
{
    Validation = 1,
}
