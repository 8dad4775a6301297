using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>A network with random weights in a model folder of its own, deleted with it.</summary>
internal sealed class TestModel : IDisposable
{
    private readonly string _path;

    public TestModel(UNetConfig config, int seed = 1)
    {
        Network = Create(config, seed);
        _path = Directory.CreateTempSubdirectory("diffusion-compute-").FullName;
        string[] classes = [.. Enumerable.Range(0, Math.Max(0, config.NumClassEmbeds - 1)).Select(i => $"class {i}")];
        ModelFolder.Save(_path, config, new SchedulerConfig(), classes);
        UNetWeights.Write(Network, ModelFolder.WeightsPath(_path), SafetensorsDType.F32);
        Folder = ModelFolder.Open(_path);
    }

    public UNet2DModel Network { get; }

    public ModelFolder Folder { get; }

    public void Dispose()
    {
        Network.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    private static UNet2DModel Create(UNetConfig config, int seed)
    {
        UNet2DModel network = new(config);
        using Generator generator = new((ulong)seed);
        using IDisposable noGrad = no_grad();
        using IDisposable scope = NewDisposeScope();
        foreach ((string name, Tensor parameter) in network.state_dict())
        {
            // Every weight random, for fresh networks have zeros that would hide errors; of about 1/sqrt(fan-in), which
            // keeps activations near 1.
            double fanIn = parameter.dim() > 1 ? parameter.numel() / (double)parameter.shape[0] : 100;
            Tensor noise = randn(parameter.shape, generator: generator) / Math.Sqrt(fanIn);
            bool isNorm = name.Contains("norm", StringComparison.Ordinal)
                && name.EndsWith("weight", StringComparison.Ordinal);
            parameter.copy_(isNorm ? 1 + noise : noise);
        }

        network.eval();
        return network;
    }
}
