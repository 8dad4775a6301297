namespace Diffusion.Plugin.Abi;

/// <summary><c>DIFFUSION_LOG_...</c></summary>
internal enum LogLevel : uint
{
    Error = 1,
    Warning = 2,
    Info = 3,
}
