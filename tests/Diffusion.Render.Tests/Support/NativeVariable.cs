using System.Runtime.InteropServices;

namespace Diffusion.Render.Tests.Support;

/// <summary>
/// Sets a variable of the C environment, which loaders read and .NET's own copy does not touch, until disposed.
/// </summary>
internal sealed partial class NativeVariable : IDisposable
{
    private readonly string _name;
    private readonly string? _before;

    public NativeVariable(string name, string value)
    {
        _name = name;
        _before = Get(name);
        _ = SetEnvironment(name, value, 1);
    }

    public static string? Get(string name) => Marshal.PtrToStringUTF8(GetEnvironment(name));

    /// <summary>Puts back what was there before.</summary>
    public void Dispose()
    {
        if (_before is null)
        {
            _ = UnsetEnvironment(_name);
        }
        else
        {
            _ = SetEnvironment(_name, _before, 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetEnvironment(string name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnsetEnvironment(string name);
}
