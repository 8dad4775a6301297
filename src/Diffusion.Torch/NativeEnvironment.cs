using System.Runtime.InteropServices;

namespace Diffusion.Torch;

/// <summary>Environment variables that native libraries read when they are loaded.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable for this process unless the user has set it.</summary>
    public static void SetDefault(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is not null)
        {
            return;
        }

        Environment.SetEnvironmentVariable(name, value);
        if (!OperatingSystem.IsWindows())
        {
            // .NET keeps a copy of the environment there; native code reads the process's own.
            _ = SetNative(name, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNative(string name, string value, int overwrite);
}
