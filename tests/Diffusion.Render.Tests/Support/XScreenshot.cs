using System.Runtime.InteropServices;

namespace Diffusion.Render.Tests.Support;

/// <summary>Reads what a window of the X server shows; skips the test where there is no X.</summary>
internal static unsafe partial class XScreenshot
{
    private const int ZPixmap = 2;

    /// <summary>RGB of a window's upper left corner, three bytes a pixel.</summary>
    public static byte[] Read(nint glfwWindow, int width, int height)
    {
        using var window = new XWindow(glfwWindow);
        XImage* image = GetImage(
            window.Display, window.Handle, 0, 0, (uint)width, (uint)height, nuint.MaxValue, ZPixmap);
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

    [LibraryImport(XWindow.Library, EntryPoint = "XGetImage")]
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
