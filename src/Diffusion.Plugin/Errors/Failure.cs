using System.Runtime.InteropServices;
using System.Text;
using Diffusion.Plugin.Abi;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Errors;

/// <summary>Turns exceptions into result codes, and keeps each thread's last text.</summary>
internal static unsafe class Failure
{
    [ThreadStatic]
    private static string? _lastText;

    /// <summary>Notes the exception's text as the thread's last and returns its code. Throws nothing.</summary>
    public static ResultCode Note(Exception error)
    {
        try
        {
            _lastText = Describe(error);
            return Classify(error);
        }
        catch (OutOfMemoryException)
        {
            return ResultCode.ErrorOutOfMemory;
        }
    }

    /// <summary>Copies the thread's last text, cut at a character's end, with a final zero.</summary>
    /// <returns>Bytes that the whole text needs with its zero.</returns>
    public static uint CopyLastText(byte* target, uint size)
    {
        string text = _lastText ?? "";
        if (target is not null && size > 0)
        {
            Utf8Text.Copy(text, new Span<byte>(target, (int)Math.Min(size, int.MaxValue)));
        }

        return (uint)Encoding.UTF8.GetByteCount(text) + 1;
    }

    private static string Describe(Exception error)
    {
        string text = error.Message;

        // C has no parameter of that name.
        if (error is ArgumentException { ParamName: { } name })
        {
            text = text.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal);
        }

        return Classify(error) == ResultCode.ErrorInternal ? $"{error.GetType().Name}: {text}" : text;
    }

    private static ResultCode Classify(Exception error) => error switch
    {
        PluginException own => own.Code,
        ModelFormatException or IOException or UnauthorizedAccessException => ResultCode.ErrorModel,
        VulkanException { Result: Result.ErrorDeviceLost } => ResultCode.ErrorDeviceLost,
        VulkanException { Result: Result.ErrorOutOfDeviceMemory or Result.ErrorOutOfHostMemory } =>
            ResultCode.ErrorOutOfMemory,
        VulkanException => ResultCode.ErrorVulkan,
        OutOfMemoryException => ResultCode.ErrorOutOfMemory,
        ArgumentException => ResultCode.ErrorInvalidArgument,
        NotSupportedException or DllNotFoundException => ResultCode.ErrorUnsupported,
        ExternalException => ResultCode.ErrorVulkan,
        _ => ResultCode.ErrorInternal,
    };
}
