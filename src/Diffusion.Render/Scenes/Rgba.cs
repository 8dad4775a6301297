namespace Diffusion.Render.Scenes;

/// <summary>A colour of the overlay, sRGB-encoded, with straight alpha.</summary>
/// <param name="R">Red.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
/// <param name="A">Alpha, 255 for opaque.</param>
public readonly record struct Rgba(byte R, byte G, byte B, byte A = 255)
{
    /// <summary>White.</summary>
    public static Rgba White => new(255, 255, 255);

    /// <summary>Light grey, for what matters less.</summary>
    public static Rgba Grey => new(170, 175, 182);

    /// <summary>A warm accent.</summary>
    public static Rgba Amber => new(255, 186, 92);

    /// <summary>A green for "within budget".</summary>
    public static Rgba Green => new(122, 214, 142);

    /// <summary>A red for "over budget".</summary>
    public static Rgba Red => new(240, 98, 88);

    /// <summary>A translucent ground for text.</summary>
    public static Rgba Panel => new(8, 10, 14, 176);

    internal uint Packed => R | ((uint)G << 8) | ((uint)B << 16) | ((uint)A << 24);
}
