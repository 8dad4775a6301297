using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Runtime.Models;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Turns a <c>diffusion_model</c> into a <see cref="ModelFolder"/>, on disk or in the host's memory.</summary>
internal static unsafe class ModelReader
{
    private const ulong MaxFiles = 1024;

    /// <summary>Opens the model; of one in memory the result is of use during the call only.</summary>
    /// <exception cref="PluginException">Neither path nor files, or both, or a file breaks a rule.</exception>
    /// <exception cref="ModelFormatException">The model breaks a rule.</exception>
    public static ModelFolder Open(in NativeModel model)
    {
        string? path = Utf8Text.Read(model.Path, "path");
        if (model.FileCount == 0)
        {
            return OpenFolder(path ?? throw Invalid("path is null, and there are no files."));
        }

        return path is null
            ? ModelFolder.Open(ReadFiles(model))
            : throw Invalid("path and files are both given; a model is one or the other.");
    }

    private static ModelFolder OpenFolder(string path)
    {
        try
        {
            return ModelFolder.Open(path);
        }
        catch (ArgumentException error)
        {
            throw Invalid($"path: {error.Message}");
        }
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadFiles(in NativeModel model)
    {
        if (model.FileCount > MaxFiles)
        {
            throw Invalid($"file_count is {model.FileCount}; {MaxFiles} are the most.");
        }

        Dictionary<string, ReadOnlyMemory<byte>> files = new(StringComparer.Ordinal);
        uint stride = StructCopy.Check<NativeModelFile>(model.Files, "diffusion_model_file");
        for (ulong i = 0; i < model.FileCount; i++)
        {
            byte* place = (byte*)model.Files + (i * stride);
            if (StructCopy.Check<NativeModelFile>(place, "diffusion_model_file") != stride)
            {
                throw Invalid($"files[{i}] has another struct_size than files[0].");
            }

            NativeModelFile file = StructCopy.Read<NativeModelFile>(place, "diffusion_model_file");
            string name = Utf8Text.Read(file.Name, $"files[{i}].name") ?? throw Invalid($"files[{i}].name is null.");
            if (file.Size > int.MaxValue || (file.Data is null && file.Size > 0))
            {
                throw Invalid(file.Data is null
                    ? $"files[{i}].data is null and its size {file.Size}."
                    : $"files[{i}].size is {file.Size}; {int.MaxValue} is the most.");
            }

            if (!files.TryAdd(name, new HostMemory((byte*)file.Data, (int)file.Size).Memory))
            {
                throw Invalid($"files[{i}] has the name '{name}' of one before it.");
            }
        }

        return files;
    }

    private static PluginException Invalid(string text) => new(ResultCode.ErrorInvalidArgument, text);
}
