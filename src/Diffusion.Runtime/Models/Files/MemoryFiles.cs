using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Models.Files;

/// <summary>A model's files in the caller's memory.</summary>
internal sealed class MemoryFiles(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string name)
    : ModelFiles(name)
{
    public override bool HasFolder(string name) =>
        files.Keys.Any(file => file.StartsWith(name + "/", StringComparison.Ordinal));

    public override bool Has(string name) => files.ContainsKey(name);

    public override byte[] Read(string name, int limit)
    {
        if (!files.TryGetValue(name, out ReadOnlyMemory<byte> bytes))
        {
            throw Missing(name);
        }

        return bytes.Length <= limit ? bytes.ToArray() : throw TooLong(name, bytes.Length, limit);
    }

    public override SafetensorsFile OpenWeights(string name) => SafetensorsFile.Open(files[name], PathOf(name));
}
