namespace Diffusion.Plugin.Abi;

/// <summary><c>DIFFUSION_DISPLAY_...</c></summary>
internal enum DisplayMode : uint
{
    Sample = 0,
    Denoised = 1,
}
