using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A Vulkan call failed, or this machine lacks what a call needs.</summary>
public sealed class VulkanException : Exception
{
    /// <summary>An error without a message.</summary>
    public VulkanException()
    {
    }

    /// <summary>Something that this machine or driver lacks.</summary>
    /// <param name="message">One sentence: what is missing and what to do.</param>
    public VulkanException(string message)
        : base(message)
    {
    }

    /// <summary>Something that this machine or driver lacks, found out by another error.</summary>
    /// <param name="message">One sentence: what is missing and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public VulkanException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A call that returned an error.</summary>
    /// <param name="call">The Vulkan function.</param>
    /// <param name="result">What it returned.</param>
    public VulkanException(string call, Result result)
        : base(result == Result.ErrorDeviceLost
            ? $"The graphics device was lost during {call}; create the device and everything on it again."
            : $"{call} returned {result}.")
    {
        Result = result;
    }

    /// <summary>What the call returned; <see cref="Result.Success"/> when no call failed.</summary>
    public Result Result { get; }
}
