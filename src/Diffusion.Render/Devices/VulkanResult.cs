using System.Runtime.CompilerServices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The one check that every Vulkan result passes through.</summary>
internal static class VulkanResult
{
    /// <summary>
    /// Throws on an error; a status (a positive result) passes and is returned for callers that accept it.
    /// </summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="call">The call, filled in by the compiler.</param>
    public static Result Check(this Result result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        // Only negative results are errors: Suboptimal, NotReady, Timeout and Incomplete are answers.
        if (result < 0)
        {
            Throw(result, call);
        }

        return result;
    }

    private static void Throw(Result result, string call)
    {
        // "api.QueueSubmit2(queue, 1, ...)" -> "vkQueueSubmit2"
        int arguments = call.IndexOf('(', StringComparison.Ordinal);
        string function = arguments < 0 ? call : call[..arguments];
        throw new VulkanException("vk" + function[(function.LastIndexOf('.') + 1)..], result);
    }
}
