using System.Runtime.InteropServices;

namespace Diffusion.Torch;

/// <summary>Keeps libtorch's warnings off the host's standard error.</summary>
/// <remarks>
/// On CPUs that NNPACK does not know, every small convolution would say so in a line of its own. PyTorch reads its
/// <c>TORCH_CPP_LOG_LEVEL</c> when Python starts it; without Python someone has to ask for that.
/// </remarks>
internal static unsafe class LibTorchLog
{
    private const string Level = "TORCH_CPP_LOG_LEVEL";

    // void c10::initLogging(), as Linux compilers name it; elsewhere it is not found, and the warnings stay.
    private const string InitLogging = "_ZN3c1011initLoggingEv";

    /// <summary>Lets errors through only, unless the user has set the level. libtorch must be loaded.</summary>
    public static void OnlyErrors()
    {
        NativeEnvironment.SetDefault(Level, "ERROR");
        if (NativeLibrary.TryLoad("libc10.so", out nint library)
            && NativeLibrary.TryGetExport(library, InitLogging, out nint function))
        {
            ((delegate* unmanaged[Cdecl]<void>)function)();
        }
    }
}
