using System.Runtime.InteropServices;

namespace Diffusion.Torch;

/// <summary>What libtorch's native code writes to the standard error stream.</summary>
internal static class TorchLog
{
    private const string LevelVariable = "TORCH_CPP_LOG_LEVEL";
    private const int Error = 2;

    /// <summary>Hides what is less than an error, unless the user chose a level for libtorch.</summary>
    /// <remarks>
    /// On a processor that NNPACK does not know, each small convolution would write a line saying so. Only PyTorch's
    /// Python side reads the variable, so the flag that it stands for is set here; where the flag is not exported
    /// (Windows), nothing changes.
    /// </remarks>
    /// <param name="libTorch">A library that depends on libc10.</param>
    public static unsafe void HideWarnings(nint libTorch)
    {
        if (Environment.GetEnvironmentVariable(LevelVariable) is null
            && NativeLibrary.TryGetExport(libTorch, "FLAGS_caffe2_log_level", out nint level))
        {
            *(int*)level = Error;
        }
    }
}
