using System.Numerics;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Render.Compute.Weights;

/// <summary>Checks a model's weights against a layout, then packs them one by one.</summary>
internal sealed class WeightFile : IDisposable
{
    private readonly StoredWeights _stored;

    /// <summary>Opens the weights of a folder and checks names, shapes and types.</summary>
    /// <exception cref="ModelFormatException">They do not fit; the message names the tensors.</exception>
    public WeightFile(ModelFolder folder, WeightLayout layout) =>
        _stored = new StoredWeights(folder, ShapesOf(layout));

    public void Fill(HostTable table) => table.Values = _stored.Read(table.Name);

    /// <summary>Writes a weight as the buffer keeps it.</summary>
    /// <param name="weight">Which.</param>
    /// <param name="target">Its bytes, <see cref="PackedWeight.SizeInBytes"/> of them.</param>
    public void Pack(PackedWeight weight, Span<byte> target)
    {
        for (int part = 0; part < weight.Names.Length; part++)
        {
            float[] values = _stored.Read(weight.Names[part]);
            int firstRow = part * (int)weight.Shape[0];
            if (!weight.IsMatrix)
            {
                values.CopyTo(MemoryMarshal.Cast<byte, float>(target)[firstRow..]);
            }
            else if (weight.IsHalf)
            {
                if (Array.Exists(values, value => Math.Abs(value) > (float)Half.MaxValue))
                {
                    throw new ModelFormatException(
                        _stored.Path,
                        $"the tensor '{weight.Names[part]}' holds a value beyond {Half.MaxValue}, the largest float16");
                }

                Turn(weight, values, firstRow, MemoryMarshal.Cast<byte, Half>(target));
            }
            else
            {
                Turn(weight, values, firstRow, MemoryMarshal.Cast<byte, float>(target));
            }
        }
    }

    public void Dispose() => _stored.Dispose();

    private static void Turn<T>(PackedWeight weight, float[] values, int firstRow, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        // Along the rows, so that the target, which may be write-combined, is written in order; what is read then comes
        // from as many cache lines as there are rows, which the first-level cache holds.
        int columns = weight.Columns;
        int rows = (int)weight.Shape[0];
        for (int column = 0; column < columns; column++)
        {
            Span<T> turned = target.Slice((column * weight.PaddedRows) + firstRow, rows);
            int at = column;
            foreach (ref T value in turned)
            {
                value = T.CreateTruncating(values[at]);
                at += columns;
            }
        }
    }

    private static Dictionary<string, long[]> ShapesOf(WeightLayout layout)
    {
        Dictionary<string, long[]> shapes = [];
        foreach (PackedWeight weight in layout.Weights)
        {
            foreach (string name in weight.Names)
            {
                shapes[name] = weight.Shape;
            }
        }

        foreach (HostTable table in layout.Tables)
        {
            shapes[table.Name] = table.Shape;
        }

        return shapes;
    }
}
