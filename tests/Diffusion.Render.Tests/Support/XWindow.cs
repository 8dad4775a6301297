using System.Runtime.InteropServices;

namespace Diffusion.Render.Tests.Support;

/// <summary>A window as another client of its X server sees it; skips the test where there is no X.</summary>
internal sealed partial class XWindow : IDisposable
{
    /// <summary>Where the functions of Xlib are.</summary>
    public const string Library = "libX11.so.6";

    /// <param name="glfwWindow">GLFW's window.</param>
    public XWindow(nint glfwWindow)
    {
        Skip.IfNot(NativeLibrary.TryLoad(Library, out _), "libX11 is not installed");
        try
        {
            Handle = GetX11Window(glfwWindow);
        }
        catch (EntryPointNotFoundException)
        {
            Skip.If(true, "this GLFW is not for X11");
        }

        Display = OpenDisplay(0);
        Skip.If(Display == 0 || Handle == 0, "the display is not an X server");
    }

    /// <summary>X's window.</summary>
    public nint Handle { get; }

    /// <summary>The connection to the server.</summary>
    public nint Display { get; }

    public void Dispose() => _ = CloseDisplay(Display);

    [LibraryImport("libglfw.so.3", EntryPoint = "glfwGetX11Window")]
    private static partial nint GetX11Window(nint window);

    [LibraryImport(Library, EntryPoint = "XOpenDisplay")]
    private static partial nint OpenDisplay(nint name);

    [LibraryImport(Library, EntryPoint = "XCloseDisplay")]
    private static partial int CloseDisplay(nint display);
}
