using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Render.Devices;
using Silk.NET.Core.Contexts;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Windowing;

/// <summary>A window over GLFW that a device can present to.</summary>
/// <remarks>The main thread creates, polls and disposes it; dispose it after the device.</remarks>
public sealed unsafe class GlfwWindow : IVkSurface, IDisposable
{
    private readonly bool[] _down = new bool[Glfw.LastKey + 1];
    private readonly bool[] _arrived = new bool[Glfw.LastKey + 1];
    private readonly bool[] _pressed = new bool[Glfw.LastKey + 1];
    private readonly GCHandle _self;
    private nint _handle;
    private bool _capturesCursor;

    /// <summary>Opens a window.</summary>
    /// <param name="width">Width in screen coordinates, at least 1.</param>
    /// <param name="height">Height in screen coordinates, at least 1.</param>
    /// <param name="title">Title.</param>
    /// <exception cref="VulkanException">GLFW is not installed, or there is no display, or it cannot show
    /// Vulkan.</exception>
    public GlfwWindow(int width, int height, string title)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentNullException.ThrowIfNull(title);
        Initialise();
        Glfw.WindowHint(Glfw.ClientApi, Glfw.NoApi);
        _handle = Glfw.CreateWindow(width, height, title, 0, 0);
        if (_handle == 0)
        {
            throw new VulkanException($"GLFW could not open a window: {LastError()}.");
        }

        // Asking for the state of each key instead would miss a tap that begins and ends between two polls. GLFW's
        // sticky keys keep one such tap, but not the second of two in successive polls: the key never seems to be up.
        _self = GCHandle.Alloc(this);
        Glfw.SetWindowUserPointer(_handle, GCHandle.ToIntPtr(_self));
        Glfw.SetKeyCallback(_handle, &OnKey);
    }

    /// <summary>Width of the framebuffer in pixels; 0 while minimised.</summary>
    public int Width => FramebufferSize().Width;

    /// <summary>Height of the framebuffer in pixels; 0 while minimised.</summary>
    public int Height => FramebufferSize().Height;

    /// <summary>Whether the user asked to close it, or <see cref="Close"/> was called.</summary>
    public bool ShouldClose => Glfw.WindowShouldClose(Handle) != 0;

    /// <summary>GLFW's window.</summary>
    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Takes the system's events and notes which keys went down.</summary>
    public void PollEvents()
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        Glfw.PollEvents();
        _arrived.CopyTo(_pressed, 0);
        Array.Clear(_arrived);
    }

    /// <summary>
    /// Sleeps until the system has an event, for a loop that has nothing to draw to (a minimised window).
    /// </summary>
    /// <remarks>Keys that go down meanwhile count for the next <see cref="PollEvents"/>.</remarks>
    /// <param name="timeout">The longest sleep, above 0; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    public void WaitEvents(TimeSpan timeout)
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            Glfw.WaitEvents();
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        Glfw.WaitEventsTimeout(timeout.TotalSeconds);
    }

    /// <summary>
    /// Whether a key went down between the last two calls of <see cref="PollEvents"/>, however shortly.
    /// </summary>
    /// <param name="key">The key.</param>
    public bool WasPressed(Key key) => _pressed[(int)key];

    /// <summary>Whether a key is held.</summary>
    /// <param name="key">The key.</param>
    public bool IsDown(Key key) => _down[(int)key];

    /// <summary>Whether a mouse button is held.</summary>
    /// <param name="button">The button.</param>
    public bool IsDown(MouseButton button) => Glfw.GetMouseButton(Handle, (int)button) == Glfw.Pressed;

    /// <summary>
    /// Where the cursor is, in screen coordinates from the top left; beyond the window's edges while it is captured.
    /// </summary>
    public Vector2 Cursor
    {
        get
        {
            double x;
            double y;
            Glfw.GetCursorPos(Handle, &x, &y);
            return new Vector2((float)x, (float)y);
        }
    }

    /// <summary>Whether the cursor is hidden and held by the window, so that the mouse can turn without end.</summary>
    public bool CapturesCursor
    {
        get => _capturesCursor;
        set
        {
            if (value != _capturesCursor)
            {
                Glfw.SetInputMode(Handle, Glfw.CursorMode, value ? Glfw.CursorDisabled : Glfw.CursorNormal);
                _capturesCursor = value;
            }
        }
    }

    /// <summary>Sets the title.</summary>
    /// <param name="title">The title.</param>
    public void SetTitle(string title) => Glfw.SetWindowTitle(Handle, title);

    /// <summary>Asks the system to resize the window.</summary>
    /// <param name="width">Width in screen coordinates, at least 1.</param>
    /// <param name="height">Height in screen coordinates, at least 1.</param>
    public void Resize(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Glfw.SetWindowSize(Handle, width, height);
    }

    /// <summary>Makes <see cref="ShouldClose"/> true.</summary>
    public void Close() => Glfw.SetWindowShouldClose(Handle, 1);

    /// <inheritdoc/>
    public byte** GetRequiredExtensions(out uint count)
    {
        uint extensionCount = 0;
        byte** names = Glfw.GetRequiredInstanceExtensions(&extensionCount);
        count = extensionCount;
        return names is not null ? names : throw new VulkanException($"GLFW cannot show Vulkan here: {LastError()}.");
    }

    /// <inheritdoc/>
    public VkNonDispatchableHandle Create<T>(VkHandle instance, T* allocator)
        where T : unmanaged
    {
        ulong surface;
        ((Result)Glfw.CreateWindowSurface(instance.Handle, Handle, allocator, &surface)).Check("CreateWindowSurface");
        return new VkNonDispatchableHandle(surface);
    }

    /// <summary>Closes the window. GLFW itself stays: other windows may live.</summary>
    public void Dispose()
    {
        if (_handle != 0)
        {
            Glfw.DestroyWindow(_handle);
            _handle = 0;
            _self.Free();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnKey(nint window, int key, int scanCode, int action, int modifiers)
    {
        // Keys that GLFW does not know are -1; a held key repeats, which is neither a press nor a release.
        if (key >= 0 && GCHandle.FromIntPtr(Glfw.GetWindowUserPointer(window)).Target is GlfwWindow target)
        {
            target._arrived[key] |= action == Glfw.Pressed;
            target._down[key] = action != Glfw.Released;
        }
    }

    private static void Initialise()
    {
        try
        {
            if (Glfw.Init() == 0)
            {
                throw new VulkanException($"No window can be opened: {LastError()}.");
            }
        }
        catch (DllNotFoundException error)
        {
            throw new VulkanException("GLFW is not installed (Debian: libglfw3); install it or run headless.", error);
        }

        if (Glfw.VulkanSupported() == 0)
        {
            throw new VulkanException("GLFW finds no Vulkan loader (Debian: libvulkan1); install it or run headless.");
        }
    }

    private static string LastError()
    {
        byte* description = null;
        _ = Glfw.GetError(&description);
        return Marshal.PtrToStringUTF8((nint)description)?.TrimEnd('.') ?? "no reason given";
    }

    private (int Width, int Height) FramebufferSize()
    {
        int width;
        int height;
        Glfw.GetFramebufferSize(Handle, &width, &height);
        return (width, height);
    }
}
