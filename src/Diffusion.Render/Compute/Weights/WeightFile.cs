using System.Numerics;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Render.Compute.Weights;

/// <summary>Checks a model's weights against a layout, then packs them one by one.</summary>
/// <remarks>Strict, by the rules of the Torch backend: every tensor in its shape, none besides, all values
/// finite.</remarks>
internal sealed class WeightFile : IDisposable
{
    private const int NamesShown = 5;

    // diffusers before 0.13 named the attention's layers so; old checkpoints still do.
    private static readonly (string Old, string New)[] _deprecatedNames =
    [
        (".query.", ".to_q."),
        (".key.", ".to_k."),
        (".value.", ".to_v."),
        (".proj_attn.", ".to_out.0."),
    ];

    private readonly SafetensorsFile _file;
    private readonly Dictionary<string, string> _stored = [];

    /// <summary>Opens the weights of a folder and checks names, shapes and types.</summary>
    /// <exception cref="ModelFormatException">They do not fit; the message names the tensors.</exception>
    public WeightFile(ModelFolder folder, WeightLayout layout)
    {
        _file = folder.OpenWeights();
        try
        {
            foreach (string name in _file.Entries.Keys)
            {
                // Early score networks store their fixed Fourier weights twice, as time_proj.W and time_proj.weight.
                if (name != "time_proj.W" || !_file.Entries.ContainsKey("time_proj.weight"))
                {
                    _stored[CurrentName(name)] = name;
                }
            }

            Check(layout);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public void Fill(HostTable table) => table.Values = Read(table.Name, table.Shape);

    /// <summary>Writes a weight as the buffer keeps it.</summary>
    /// <param name="weight">Which.</param>
    /// <param name="target">Its bytes, <see cref="PackedWeight.SizeInBytes"/> of them.</param>
    public void Pack(PackedWeight weight, Span<byte> target)
    {
        for (int part = 0; part < weight.Names.Length; part++)
        {
            float[] values = Read(weight.Names[part], weight.Shape);
            int firstRow = part * (int)weight.Shape[0];
            if (!weight.IsMatrix)
            {
                values.CopyTo(MemoryMarshal.Cast<byte, float>(target)[firstRow..]);
            }
            else if (weight.IsHalf)
            {
                Turn(weight, values, firstRow, MemoryMarshal.Cast<byte, Half>(target));
            }
            else
            {
                Turn(weight, values, firstRow, MemoryMarshal.Cast<byte, float>(target));
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static void Turn<T>(PackedWeight weight, float[] values, int firstRow, Span<T> target)
        where T : unmanaged, INumberBase<T>
    {
        int columns = weight.Columns;
        for (int row = 0; row < (int)weight.Shape[0]; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                target[(column * weight.PaddedRows) + firstRow + row] =
                    T.CreateTruncating(values[(row * columns) + column]);
            }
        }
    }

    private static string CurrentName(string name)
    {
        foreach ((string old, string current) in _deprecatedNames)
        {
            name = name.Replace(old, current, StringComparison.Ordinal);
        }

        return name;
    }

    private static void Describe(List<string> problems, string what, IEnumerable<string> names)
    {
        string[] all = [.. names.Order(StringComparer.Ordinal)];
        if (all.Length > 0)
        {
            string more = all.Length > NamesShown ? $" and {all.Length - NamesShown} more" : "";
            problems.Add($"{what} {string.Join(", ", all.Take(NamesShown))}{more}");
        }
    }

    private void Check(WeightLayout layout)
    {
        Dictionary<string, long[]> expected = [];
        foreach (PackedWeight weight in layout.Weights)
        {
            foreach (string name in weight.Names)
            {
                expected[name] = weight.Shape;
            }
        }

        foreach (HostTable table in layout.Tables)
        {
            expected[table.Name] = table.Shape;
        }

        List<string> problems = [];
        Describe(problems, "lacks", expected.Keys.Where(name => !_stored.ContainsKey(name)));
        Describe(problems, "has the unknown", _stored
            .Where(pair => !expected.ContainsKey(pair.Key))
            .Select(pair => pair.Value));
        Describe(problems, "has wrongly shaped", expected
            .Where(pair => _stored.ContainsKey(pair.Key))
            .Select(pair => (Entry: _file[_stored[pair.Key]], Shape: pair.Value))
            .Where(tensor => !tensor.Entry.Shape.SequenceEqual(tensor.Shape))
            .Select(tensor =>
                $"{tensor.Entry.Name} {tensor.Entry.ShapeText} instead of [{string.Join(", ", tensor.Shape)}]"));
        Describe(problems, "has non-float", _stored.Values
            .Where(name => _file[name].DType is not
                (SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F64)));
        if (problems.Count > 0)
        {
            throw new ModelFormatException(
                _file.Path,
                $"the weights must be exactly those of the configuration, but the file {string.Join("; ", problems)}");
        }
    }

    private float[] Read(string name, long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, extent) => product * extent)];
        _file.CopyTo(_stored[name], values);
        return Array.TrueForAll(values, float.IsFinite)
            ? values
            : throw new ModelFormatException(_file.Path, $"the tensor '{name}' holds a value that is not finite");
    }
}
