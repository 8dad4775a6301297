using Diffusion.Cli.Output;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using static TorchSharp.torch;

namespace Diffusion.Cli.Training;

/// <summary>
/// A picture of what the network makes: a row for each class, drawn from the same noise every time; for a student of
/// few steps three columns for each number of steps, from the same noise too.
/// </summary>
internal static class SampleSheet
{
    private const int Columns = 4;
    private const int ColumnsOfStudent = 3;
    private const int Steps = 25;
    private const int Gap = 4;
    private const ulong Seed = 1;

    public static void Write(
        string path,
        nn.Module<Tensor, Tensor, Tensor?, Tensor> network,
        NoiseSchedule schedule,
        PredictionType prediction,
        int classCount,
        IReadOnlyList<int> studentSteps,
        int channels,
        int edge,
        Device device)
    {
        var cell = edge + Gap;
        var steps = studentSteps.Count > 0 ? studentSteps : [Steps];
        var columns = studentSteps.Count > 0 ? ColumnsOfStudent : Columns;
        using var sheet = new Image<Rgb24>(
            (steps.Count * columns * cell) + Gap, (classCount * cell) + Gap, new Rgb24(255, 255, 255));
        for (var row = 0; row < classCount; row++)
        {
            for (var group = 0; group < steps.Count; group++)
            {
                var labels = Enumerable.Repeat((long)(group * classCount) + row, columns).ToArray();
                using var samples = DdimPreview.Sample(
                    network, schedule, prediction, labels, channels, edge, steps[group], Seed + (ulong)row, device);
                for (var column = 0; column < columns; column++)
                {
                    using var one = samples[column].contiguous();
                    var left = Gap + (((group * columns) + column) * cell);
                    Paint(sheet, one.data<float>().ToArray(), edge, left, Gap + (row * cell));
                }
            }
        }

        OutputFile.Write(path, stream => sheet.SaveAsPng(stream));
    }

    private static void Paint(Image<Rgb24> sheet, float[] planes, int edge, int left, int top)
    {
        var plane = edge * edge;
        var green = planes.Length > plane ? plane : 0; // a grey picture has one plane for all three
        for (var i = 0; i < plane; i++)
        {
            sheet[left + (i % edge), top + (i / edge)] =
                new Rgb24(ToByte(planes[i]), ToByte(planes[green + i]), ToByte(planes[(2 * green) + i]));
        }
    }

    private static byte ToByte(float value) => (byte)Math.Clamp(MathF.Round((value + 1) * 127.5f), 0, 255);
}
