using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Moves a network's weights from and to safetensors files, names as in diffusers.</summary>
public static class UNetWeights
{
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
        IReadOnlyDictionary<string, string> stored = StoredNames.Match(
            file, expected.ToDictionary(pair => pair.Key, pair => pair.Value.shape));
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

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
