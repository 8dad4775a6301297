using System.Runtime.InteropServices;

namespace Diffusion.Torch;

/// <summary>Lets libtorch's worker threads sleep between layers instead of spinning.</summary>
/// <remarks>
/// OpenMP's default is to spin for milliseconds at every barrier. Alone on a machine that saves some microseconds a
/// layer; beside an engine's threads the spinning thread holds the very core that the awaited one needs. Two threads on
/// two busy cores: 1,400 ms a forward pass spinning, 60 ms sleeping.
/// </remarks>
internal static partial class OpenMpWaiting
{
    private const string WaitPolicy = "OMP_WAIT_POLICY";
    private const string SpinCount = "GOMP_SPINCOUNT";

    /// <summary>
    /// Takes effect when called before OpenMP is loaded, which reads it once; a choice of the user's stays.
    /// </summary>
    public static void Sleep()
    {
        if (Environment.GetEnvironmentVariable(WaitPolicy) is not null
            || Environment.GetEnvironmentVariable(SpinCount) is not null)
        {
            return;
        }

        Environment.SetEnvironmentVariable(WaitPolicy, "passive");
        if (!OperatingSystem.IsWindows())
        {
            // .NET keeps a copy of the environment there; native code reads the process's own.
            _ = SetNative(WaitPolicy, "passive", overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNative(string name, string value, int overwrite);
}
