using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Models.Files;

/// <summary>A model's files in a folder.</summary>
internal sealed class FolderFiles(string path) : ModelFiles(path)
{
    public override bool HasFolder(string name) => Directory.Exists(PathOf(name));

    public override bool Has(string name) => File.Exists(PathOf(name));

    public override byte[] Read(string name, int limit)
    {
        var info = new FileInfo(PathOf(name));
        if (!info.Exists)
        {
            throw Missing(name);
        }

        return info.Length <= limit ? File.ReadAllBytes(info.FullName) : throw TooLong(name, info.Length, limit);
    }

    public override SafetensorsFile OpenWeights(string name) => SafetensorsFile.Open(PathOf(name));
}
