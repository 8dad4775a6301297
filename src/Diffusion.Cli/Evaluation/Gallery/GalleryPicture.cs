using Diffusion.Cli.Evaluation.Quality;
using Diffusion.Cli.Output;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SkiaSharp;

namespace Diffusion.Cli.Evaluation.Gallery;

/// <summary><c>gallery.jpg</c>: a line for each class, real textures and generated ones side by side.</summary>
internal static class GalleryPicture
{
    private const int PerColumn = 2;
    private const int Tile = 96;
    private const int Gap = 2;
    private const int ColumnGap = 14;
    private const int Margin = 12;
    private const int NameWidth = 108;
    private const int HeadHeight = 52;
    private const int Quality = 88;
    private const float HeadSize = 16;
    private const float NoteSize = 12.5f;

    private static readonly SKColor _ink = new(0x14, 0x14, 0x0f);
    private static readonly SKColor _soft = new(0x66, 0x64, 0x5c);
    private static readonly SKSamplingOptions _smooth = new(SKCubicResampler.Mitchell);

    /// <summary>Draws it.</summary>
    public static byte[] Draw(GallerySource source)
    {
        IReadOnlyList<RowResult> columns = source.Columns;
        int column = (PerColumn * (Tile + Gap)) - Gap + ColumnGap;
        int width = (2 * Margin) + NameWidth + ((columns.Count + 1) * column) - ColumnGap;
        int height = (2 * Margin) + HeadHeight + (source.ClassNames.Count * (Tile + Gap)) - Gap;
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        SKCanvas canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        Head(canvas, 0, "real, held out", "64 pixels");
        for (int i = 0; i < columns.Count; i++)
        {
            QualityRow row = columns[i].Row;
            string steps = row.Steps == 1 ? "1 step" : $"{row.Steps} steps";
            string cost = columns[i].Time is { } time ? $", {QualityCells.Text(time.Milliseconds, "0")} ms" : "";
            Head(canvas, i + 1, steps, $"{row.Solver}{cost}");
        }

        for (int label = 0; label < source.ClassNames.Count; label++)
        {
            int top = Margin + HeadHeight + (label * (Tile + Gap));
            string name = source.ClassNames[label];
            Text(canvas, name.Replace('_', ' '), Margin, top + (Tile / 2) + 5, HeadSize, _ink);
            if (source.HeldOut.ByLabel[label].Count == 0)
            {
                Text(canvas, "none held out", Left(0), top + (Tile / 2) + 5, NoteSize, _soft);
            }

            Tiles(canvas, source.HeldOut.ByLabel[label], 0, top, source.Result.Edge);
            for (int i = 0; i < columns.Count; i++)
            {
                Tiles(canvas, source.Store.Read(columns[i].Row, name), i + 1, top, source.Result.Edge);
            }
        }

        using SKImage picture = surface.Snapshot();
        using SKData data = picture.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return data.ToArray();

        int Left(int place) => Margin + NameWidth + (place * column);

        void Head(SKCanvas on, int place, string head, string note)
        {
            Text(on, head, Left(place), Margin + 17, HeadSize, _ink);
            Text(on, note, Left(place), Margin + 37, NoteSize, _soft);
        }

        void Tiles(SKCanvas on, IReadOnlyList<float[]> textures, int place, int top, int edge)
        {
            for (int i = 0; i < Math.Min(PerColumn, textures.Count); i++)
            {
                using SKImage texture = ToSkia(textures[i], edge);
                int left = Left(place) + (i * (Tile + Gap));
                on.DrawImage(texture, SKRect.Create(left, top, Tile, Tile), _smooth);
            }
        }
    }

    private static void Text(SKCanvas canvas, string text, float x, float y, float size, SKColor color)
    {
        using SKTypeface face = SKFontManager.Default.MatchFamily("DejaVu Sans") ?? SKTypeface.CreateDefault();
        using var font = new SKFont(face, size);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, x, y, font, paint);
    }

    private static SKImage ToSkia(float[] planar, int edge)
    {
        using Image<Rgb24> picture = TextureImage.FromPlanar(planar, edge, edge);
        using Image<Rgba32> wide = picture.CloneAs<Rgba32>();
        var pixels = new byte[4 * edge * edge];
        wide.CopyPixelDataTo(pixels);
        return SKImage.FromPixelCopy(new SKImageInfo(edge, edge, SKColorType.Rgba8888, SKAlphaType.Opaque), pixels);
    }
}
