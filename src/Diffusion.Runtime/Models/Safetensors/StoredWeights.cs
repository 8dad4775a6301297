using System.Numerics;

namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>A model's weights, matched with a network's tensors and read one by one.</summary>
/// <remarks>Strict, by the rules of <see cref="StoredNames"/>, and all values finite. The file stays mapped, so that no
/// copy is held. One thread.</remarks>
public sealed class StoredWeights : IDisposable
{
    private readonly SafetensorsFile _file;
    private readonly IReadOnlyDictionary<string, string> _stored;

    /// <summary>Opens the weights of a folder and checks names, shapes and types.</summary>
    /// <param name="folder">The folder; not kept.</param>
    /// <param name="expected">The shape of each of the network's tensors, by its present name.</param>
    /// <exception cref="ModelFormatException">They do not fit; the message names the tensors.</exception>
    public StoredWeights(ModelFolder folder, IReadOnlyDictionary<string, long[]> expected)
    {
        ArgumentNullException.ThrowIfNull(folder);
        _file = folder.OpenWeights();
        try
        {
            _stored = StoredNames.Match(_file, expected);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The file, for messages.</summary>
    public string Path => _file.Path;

    /// <summary>The values of a tensor in single precision, in the file's order.</summary>
    /// <param name="name">One of the expected names.</param>
    /// <exception cref="ModelFormatException">A value is not finite.</exception>
    public float[] Read(string name)
    {
        string stored = _stored[name];
        var values = new float[_file[stored].ElementCount];
        _file.CopyTo(stored, values);
        return AreFinite(values)
            ? values
            : throw new ModelFormatException(Path, $"the tensor '{name}' holds a value that is not finite");
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => _file.Dispose();

    // v - v is 0 for finite values and NaN for the others.
    private static bool AreFinite(ReadOnlySpan<float> values)
    {
        Vector<float> sum = Vector<float>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            sum += value - value;
        }

        float rest = Vector.Sum(sum);
        for (; i < values.Length; i++)
        {
            rest += values[i] - values[i];
        }

        return rest == 0;
    }
}
