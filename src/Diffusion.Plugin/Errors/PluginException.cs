namespace Diffusion.Plugin.Errors;

/// <summary>A failure with its result code; never leaves an export.</summary>
internal sealed class PluginException(ResultCode code, string message) : Exception(message)
{
    public ResultCode Code { get; } = code;
}
