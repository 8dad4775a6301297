using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

/// <summary>
/// Our network against bench/peers/unet_reference.py, which builds it anew from the published definition.
/// </summary>
public sealed class UNetReferenceTests
{
    /// <summary>
    /// Largest difference relative to the output's largest value: float32 rounding over some 30 layers stays ten times
    /// below.
    /// </summary>
    private const double Tolerance = 1e-4;

    private static readonly Lazy<bool> _referenceRuns = new(ReferenceRuns);

    public static TheoryData<string, bool> Cases
    {
        get
        {
            TheoryData<string, bool> cases = [];
            foreach (string name in TestNetworks.ByFeature.Keys)
            {
                cases.Add(name, false);
            }

            // Circular padding meets four kinds of convolution: plain, asymmetric, behind a patch, and in resampling
            // resnets.
            cases.Add("plain", true);
            cases.Add("one head, asymmetric padding, shifted sines", true);
            cases.Add("scale and shift, patch, classes", true);
            cases.Add("resampling by resnets", true);
            return cases;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Forward_RandomWeights_AgreesWithTheReference(string name, bool seamless)
    {
        using TemporaryFolder folder = new();
        UNetConfig config = TestNetworks.ByFeature[name];
        Directory.CreateDirectory(folder["unet"]);
        string[] classes = [.. Enumerable.Range(0, Math.Max(0, config.NumClassEmbeds - 1)).Select(i => $"class {i}")];
        ModelFolder.Save(folder.Path, config, new SchedulerConfig(), classes);
        using (UNet2DModel network = TestNetworks.Create(config))
        {
            UNetWeights.Write(network, ModelFolder.WeightsPath(folder.Path), SafetensorsDType.F32);
        }

        Compare(folder.Path, height: 16, width: 24, seamless);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Forward_ShippedModel_AgreesWithTheReference(bool seamless)
    {
        string folder = Path.Combine(RepositoryRoot(), "models", "textures-64");
        Skip.IfNot(Directory.Exists(folder), "models/textures-64 is not there");
        Compare(folder, height: 64, width: 64, seamless);
    }

    private static void Compare(string path, int height, int width, bool seamless)
    {
        Skip.IfNot(_referenceRuns.Value, "python3 with torch and numpy is not installed (Debian: python3-torch)");
        const int batch = 2;
        using TemporaryFolder exchange = new();
        using IDisposable scope = NewDisposeScope();
        using UNet2DModel network = UNetWeights.Load(ModelFolder.Open(path));
        network.Seamless = seamless;
        bool conditional = network.Config.NumClassEmbeds > 0 || network.Config.ClassEmbedType is not null;
        Tensor sample = TestNetworks.Noise(7, batch, 3, height, width);
        Tensor timestep = tensor([3f, 801f]);
        Tensor? label = conditional ? tensor([0L, 4L]) : null;
        float[] expected = RunReference(path, exchange, sample, timestep, label, seamless);

        using IDisposable noGrad = no_grad();
        float[] actual = network.call(sample, timestep, label).contiguous().data<float>().ToArray();

        Assert.Equal(expected.Length, actual.Length);
        double scale = expected.Max(MathF.Abs);
        double difference = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
        Assert.True(scale > 0);
        Assert.True(difference <= Tolerance * scale, $"largest difference {difference}, largest value {scale}");
    }

    private static float[] RunReference(
        string model, TemporaryFolder exchange, Tensor sample, Tensor timestep, Tensor? label, bool seamless)
    {
        IEnumerable<float> labels = label is null ? [] : label.data<long>().Select(l => (float)l);
        float[] input = [.. sample.data<float>(), .. timestep.data<float>(), .. labels];
        File.WriteAllBytes(exchange["input.bin"], MemoryMarshal.AsBytes<float>(input).ToArray());
        string shape = string.Join(",", sample.shape);
        List<string> arguments = [ScriptPath(), model, exchange["input.bin"], exchange["output.bin"], "--shape", shape];
        if (label is not null)
        {
            arguments.Add("--labels");
        }

        if (seamless)
        {
            arguments.Add("--seamless");
        }

        (int exitCode, string error) = RunPython([.. arguments]);
        Assert.True(exitCode == 0, error);
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(exchange["output.bin"])).ToArray();
    }

    private static bool ReferenceRuns()
    {
        try
        {
            return RunPython("-c", "import torch, numpy").ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int ExitCode, string Error) RunPython(params string[] arguments)
    {
        string program = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
        ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }

    private static string ScriptPath() => Path.Combine(RepositoryRoot(), "bench", "peers", "unet_reference.py");

    private static string RepositoryRoot([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
