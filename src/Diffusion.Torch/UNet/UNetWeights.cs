using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Moves a network's weights from and to safetensors files, names as in diffusers.</summary>
public static class UNetWeights
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

    /// <summary>
    /// Builds the network of a model folder with its weights, float32 on the CPU, in evaluation mode, frozen.
    /// </summary>
    /// <param name="folder">The model folder.</param>
    /// <exception cref="ModelFormatException">The weights do not fit the configuration; the message names the
    /// tensors.</exception>
    /// <exception cref="ArgumentException">The configuration needs what this network does not have.</exception>
    [SuppressMessage(
        "Reliability", "CA2000", Justification = "Ownership passes to the result, or it is disposed on failure.")]
    public static UNet2DModel Load(ModelFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        UNet2DModel network = new(folder.Config);
        try
        {
            using SafetensorsFile file = folder.OpenWeights();
            Read(network, file);
            network.eval();
            foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
            {
                parameter.requires_grad = false;
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Overwrites every weight of a network on the CPU; float16, bfloat16 and float64 become float32.
    /// </summary>
    /// <remarks>Strict: the file must hold every tensor in its shape and none besides, else nothing is
    /// changed.</remarks>
    /// <exception cref="ModelFormatException">Tensors are missing, unexpected or wrongly shaped, or hold values that
    /// are not finite; the message names them.</exception>
    public static void Read(UNet2DModel network, SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(file);
        Dictionary<string, Tensor> expected = network.state_dict();
        Dictionary<string, string> stored = [];
        foreach (string name in file.Entries.Keys)
        {
            // Early score networks store their fixed Fourier weights twice, as time_proj.W and time_proj.weight.
            if (name != "time_proj.W" || !file.Entries.ContainsKey("time_proj.weight"))
            {
                stored[CurrentName(name)] = name;
            }
        }

        List<string> problems = [];
        Describe(problems, "lacks", expected.Keys.Where(name => !stored.ContainsKey(name)));
        Describe(problems, "has the unknown", stored
            .Where(pair => !expected.ContainsKey(pair.Key))
            .Select(pair => pair.Value));
        Describe(problems, "has wrongly shaped", expected
            .Where(pair => stored.ContainsKey(pair.Key))
            .Select(pair => (Entry: file[stored[pair.Key]], Name: stored[pair.Key], Shape: pair.Value.shape))
            .Where(tensor => !tensor.Entry.Shape.SequenceEqual(tensor.Shape))
            .Select(tensor =>
                $"{tensor.Name} {tensor.Entry.ShapeText} instead of [{string.Join(", ", tensor.Shape)}]"));
        Describe(problems, "has non-float", stored.Values
            .Where(name => file[name].DType is not
                (SafetensorsDType.F32 or SafetensorsDType.F16 or SafetensorsDType.BF16 or SafetensorsDType.F64)));
        if (problems.Count > 0)
        {
            throw new ModelFormatException(
                file.Path,
                $"the weights must be exactly those of the configuration, but the file {string.Join("; ", problems)}");
        }

        foreach ((string name, Tensor tensor) in expected)
        {
            RequireFinite(file, stored[name], tensor.shape);
        }

        using IDisposable frozen = no_grad();
        foreach ((string name, Tensor tensor) in expected)
        {
            // Through a contiguous copy, for kernels lie channels last.
            using Tensor numbers = zeros(tensor.shape);
            file.CopyTo(stored[name], Values(numbers));
            tensor.copy_(numbers);
        }
    }

    /// <summary>Writes every weight, whole or not at all.</summary>
    /// <param name="network">A network on the CPU.</param>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="type">F16 to halve the file, or F32.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(UNet2DModel network, string path, SafetensorsDType type)
    {
        ArgumentNullException.ThrowIfNull(network);
        SafetensorsWriter writer = new();
        writer.Metadata["format"] = "pt";
        foreach ((string name, Tensor tensor) in network.state_dict())
        {
            writer.Add(name, type, tensor.shape, destination =>
            {
                using Tensor numbers = tensor.detach().contiguous();
                Values(numbers).CopyTo(destination);
            });
        }

        writer.Save(path);
    }

    private static void RequireFinite(SafetensorsFile file, string name, long[] shape)
    {
        using Tensor numbers = zeros(shape);
        file.CopyTo(name, Values(numbers));
        using Tensor finite = numbers.isfinite();
        using Tensor all = finite.all();
        if (!all.item<bool>())
        {
            throw new ModelFormatException(file.Path, $"the tensor '{name}' holds a value that is not finite");
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

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
