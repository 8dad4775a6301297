using System.Runtime.InteropServices;

namespace Diffusion.Render.Tests.Support;

/// <summary>Reads what a window of the X server shows; skips the test where there is no X.</summary>
internal static unsafe partial class XScreenshot
{
    private const string Library = "libX11.so.6";
    private const int ZPixmap = 2;

    /// <summary>RGB of a window's upper left corner, three bytes a pixel.</summary>
    public static byte[] Read(nint glfwWindow, int width, int height)
    {
        Skip.IfNot(NativeLibrary.TryLoad(Library, out _), "libX11 is not installed");
        nint window = 0;
        try
        {
            window = GetX11Window(glfwWindow);
        }
        catch (EntryPointNotFoundException)
        {
            Skip.If(true, "this GLFW is not for X11");
        }

        nint display = OpenDisplay(0);
        Skip.If(display == 0 || window == 0, "the display is not an X server");
        try
        {
            XImage* image = GetImage(display, window, 0, 0, (uint)width, (uint)height, nuint.MaxValue, ZPixmap);
            Assert.True(image is not null, "XGetImage gave nothing");
            Skip.IfNot(image->BitsPerPixel == 32 && image->ByteOrder == 0, "the display has no 32 bits a pixel");
            var rgb = new byte[width * height * 3];
            for (int y = 0; y < height; y++)
            {
                byte* row = image->Data + (y * image->BytesPerLine);
                for (int x = 0; x < width; x++)
                {
                    int pixel = ((y * width) + x) * 3;
                    rgb[pixel] = row[(4 * x) + 2];
                    rgb[pixel + 1] = row[(4 * x) + 1];
                    rgb[pixel + 2] = row[4 * x];
                }
            }

            _ = image->Destroy(image);
            return rgb;
        }
        finally
        {
            _ = CloseDisplay(display);
        }
    }

    [LibraryImport("libglfw.so.3", EntryPoint = "glfwGetX11Window")]
    private static partial nint GetX11Window(nint window);

    [LibraryImport(Library, EntryPoint = "XOpenDisplay")]
    private static partial nint OpenDisplay(nint name);

    [LibraryImport(Library, EntryPoint = "XCloseDisplay")]
    private static partial int CloseDisplay(nint display);

    [LibraryImport(Library, EntryPoint = "XGetImage")]
    private static partial XImage* GetImage(
        nint display, nint drawable, int x, int y, uint width, uint height, nuint planes, int format);

    /// <summary>Xlib.h's XImage.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct XImage
    {
        public int Width;
        public int Height;
        public int OffsetX;
        public int Format;
        public byte* Data;
        public int ByteOrder;
        public int BitmapUnit;
        public int BitmapBitOrder;
        public int BitmapPad;
        public int Depth;
        public int BytesPerLine;
        public int BitsPerPixel;
        public nuint RedMask;
        public nuint GreenMask;
        public nuint BlueMask;
        public nint UserData;
        public nint Create;
        public delegate* unmanaged[Cdecl]<XImage*, int> Destroy;
    }
}
