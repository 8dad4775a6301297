using System.Runtime.InteropServices;

namespace Diffusion.Render.Tests.Support;

/// <summary>Types and clicks into a window; skips the test where there is no X.</summary>
internal sealed unsafe partial class XKeyboard : IDisposable
{
    private const int KeyPress = 2;
    private const int KeyRelease = 3;
    private const int ButtonPress = 4;
    private const int ButtonRelease = 5;
    private const nint KeyPressMask = 1 << 0;
    private const nint KeyReleaseMask = 1 << 1;
    private const nint ButtonPressMask = 1 << 2;
    private const nint ButtonReleaseMask = 1 << 3;

    private readonly XWindow _window;
    private nint _time = 1000;

    /// <param name="glfwWindow">GLFW's window.</param>
    public XKeyboard(nint glfwWindow) => _window = new XWindow(glfwWindow);

    /// <summary>Presses and releases a key, in one go.</summary>
    public void Tap(char key)
    {
        Press(key);
        Release(key);
    }

    public void Press(char key) => Send(KeyPress, KeyPressMask, CodeOf(key));

    public void Release(char key) => Send(KeyRelease, KeyReleaseMask, CodeOf(key));

    /// <param name="button">As X counts: 1 left, 2 middle, 3 right.</param>
    public void PressButton(uint button) => Send(ButtonPress, ButtonPressMask, button);

    /// <param name="button">As X counts: 1 left, 2 middle, 3 right.</param>
    public void ReleaseButton(uint button) => Send(ButtonRelease, ButtonReleaseMask, button);

    public void Dispose() => _window.Dispose();

    [LibraryImport(XWindow.Library, EntryPoint = "XDefaultRootWindow")]
    private static partial nint DefaultRootWindow(nint display);

    [LibraryImport(XWindow.Library, EntryPoint = "XKeysymToKeycode")]
    private static partial byte KeysymToKeycode(nint display, nint symbol);

    [LibraryImport(XWindow.Library, EntryPoint = "XSendEvent")]
    private static partial int SendEvent(nint display, nint window, int propagate, nint mask, KeyEvent* data);

    [LibraryImport(XWindow.Library, EntryPoint = "XSync")]
    private static partial int Sync(nint display, int discard);

    // For printable ASCII the symbol is the character.
    private uint CodeOf(char key) => KeysymToKeycode(_window.Display, key);

    private void Send(int type, nint mask, uint code)
    {
        var data = new KeyEvent
        {
            Type = type,
            Display = _window.Display,
            Window = _window.Handle,
            Root = DefaultRootWindow(_window.Display),
            Time = _time++, // GLFW drops a press that is not later than the last one of its key
            KeyCode = code,
            SameScreen = 1,
        };
        Assert.NotEqual(0, SendEvent(_window.Display, _window.Handle, 0, mask, &data));

        // The server has passed the event on when this returns.
        _ = Sync(_window.Display, 0);
    }

    /// <summary>XKeyEvent, which XButtonEvent equals but for the name of the code, with the room of an XEvent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct KeyEvent
    {
        public int Type;
        public nuint Serial;
        public int IsSent;
        public nint Display;
        public nint Window;
        public nint Root;
        public nint Subwindow;
        public nint Time;
        public int X;
        public int Y;
        public int RootX;
        public int RootY;
        public uint State;
        public uint KeyCode;
        public int SameScreen;
        public fixed long Rest[24];
    }
}
