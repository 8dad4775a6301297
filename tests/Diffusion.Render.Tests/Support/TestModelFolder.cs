using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Weights;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Render.Tests.Support;

/// <summary>A small model with made-up weights, in a folder that is deleted with it.</summary>
internal sealed class TestModelFolder : IDisposable
{
    public static readonly UNetConfig Small = new()
    {
        BlockOutChannels = [8, 16],
        DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 4,
        NumClassEmbeds = 3,
    };

    private readonly string _path = Directory.CreateTempSubdirectory("diffusion-render-").FullName;

    /// <param name="scale">Of the matrices, about 1 for activations near 1.</param>
    /// <param name="leftOut">A tensor that the file lacks, or null.</param>
    public TestModelFolder(float scale = 1, string? leftOut = null)
    {
        ModelFolder.Save(_path, Small, new SchedulerConfig(), ["stone", "wood"]);
        WeightLayout layout = new UNetStructure(Small, StoragePrecision.Full).Weights;
        SafetensorsWriter writer = new();
        foreach (PackedWeight weight in layout.Weights)
        {
            foreach (string name in weight.Names.Where(name => name != leftOut))
            {
                float size = weight.IsMatrix ? scale / MathF.Sqrt(weight.Columns) : 0.5f;
                writer.Add(name, SafetensorsDType.F32, weight.Shape, values => Fill(values, size, name.Length));
            }
        }

        foreach (HostTable table in layout.Tables)
        {
            writer.Add(table.Name, SafetensorsDType.F32, table.Shape, values => Fill(values, 1, 1));
        }

        writer.Save(ModelFolder.WeightsPath(_path));
        Folder = ModelFolder.Open(_path);
    }

    public ModelFolder Folder { get; }

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private static void Fill(Span<float> values, float size, int seed)
    {
        Random random = new(seed);
        foreach (ref float value in values)
        {
            value = size * ((2 * random.NextSingle()) - 1);
        }
    }
}
