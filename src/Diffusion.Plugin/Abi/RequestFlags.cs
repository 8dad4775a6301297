namespace Diffusion.Plugin.Abi;

/// <summary><c>DIFFUSION_REQUEST_...</c></summary>
[Flags]
internal enum RequestFlags : uint
{
    NotSeamless = 1,
    Unclamped = 2,
    ClassLabel = 4,
    SecondClassLabel = 8,
    EndTime = 16,
}
