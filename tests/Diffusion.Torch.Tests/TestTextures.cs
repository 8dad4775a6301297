using Diffusion.Torch.Training;

namespace Diffusion.Torch.Tests;

/// <summary>Two classes of four flat pictures each, of slightly different colours.</summary>
internal static class TestTextures
{
    /// <summary>The set, for training at a canvas.</summary>
    public static TextureDataset Dataset(int canvas)
    {
        int edge = 2 * canvas;
        List<TrainingImage> images = [];
        for (int i = 0; i < 8; i++)
        {
            byte[] rgb = new byte[3 * edge * edge];
            for (int p = 0; p < rgb.Length; p += 3)
            {
                rgb[p] = (byte)(i % 2 == 0 ? 220 : 30 + i);
                rgb[p + 1] = (byte)(100 + (4 * i));
                rgb[p + 2] = (byte)(i % 2 == 0 ? 40 : 200);
            }

            images.Add(new TrainingImage($"picture{(char)('a' + i)}.png", i % 2 == 0 ? "red" : "blue", edge, rgb));
        }

        return TextureDataset.Create(images, canvas);
    }
}
