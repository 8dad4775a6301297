using System.CommandLine;
using Diffusion.Cli.Sampling;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Tests.Sampling;

/// <summary>The same picture by <c>sample</c> on two backends.</summary>
internal static class PictureParity
{
    /// <summary>Draws on libtorch and on the other backend, into a folder.</summary>
    public static async Task AssertEqualsTorch(string folder, string backend)
    {
        using Image<Rgb24> torch = await Draw(folder, "torch");
        using Image<Rgb24> picture = await Draw(folder, backend);

        for (int y = 0; y < torch.Height; y++)
        {
            for (int x = 0; x < torch.Width; x++)
            {
                (Rgb24 a, Rgb24 b) = (torch[x, y], picture[x, y]);

                // A level of 256 where the two round to either side.
                Assert.InRange(Math.Abs(a.R - b.R) + Math.Abs(a.G - b.G) + Math.Abs(a.B - b.B), 0, 3);
            }
        }
    }

    private static async Task<Image<Rgb24>> Draw(string folder, string backend)
    {
        string file = Path.Combine(folder, $"{backend}.png");
        using var error = new StringWriter();
        string[] arguments =
        [
            "sample", "--backend", backend, "--class", "brick", "--steps", "4", "--size", "32x16", "--seed", "7",
            "--out", file,
        ];
        int code = await CommandLineHost.RunAsync(new RootCommand { SampleCommand.Create() }, arguments, error);
        Assert.Equal((0, ""), (code, error.ToString()));
        return Image.Load<Rgb24>(file);
    }
}
