using Diffusion.Onnx;
using Diffusion.Runtime.Models;
using Microsoft.ML.OnnxRuntime;

namespace Diffusion.Peers;

/// <summary>
/// ONNX Runtime on the exported graph: shapes fixed, every optimisation on, buffers bound beforehand.
/// </summary>
internal sealed class OnnxPeer : IPeer
{
    private readonly SessionOptions _options = new();
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly OrtValue _sample;
    private readonly OrtValue _timestep;
    private readonly OrtValue _label;
    private readonly OrtValue[] _inputs;
    private readonly OrtValue _output;
    private readonly float[] _values;

    public OnnxPeer(ModelFolder folder, PeerInput input, int threads, bool isSpinning)
    {
        using MemoryStream graph = new();
        using (UNetOnnx network = new(folder, input.IsSeamless))
        {
            network.Write(graph);
        }

        _options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
        _options.IntraOpNumThreads = threads;
        _options.InterOpNumThreads = 1;
        _options.AddSessionConfigEntry("session.intra_op.allow_spinning", isSpinning ? "1" : "0");
        _options.AddFreeDimensionOverrideByName("batch", input.Batch);
        _options.AddFreeDimensionOverrideByName("height", input.Size);
        _options.AddFreeDimensionOverrideByName("width", input.Size);
        _session = new InferenceSession(graph.ToArray(), _options);
        _values = new float[input.Sample.Length];
        long[] shape = [.. input.Shape.Select(size => (long)size)];
        _sample = OrtValue.CreateTensorValueFromMemory(input.Sample, shape);
        _timestep = OrtValue.CreateTensorValueFromMemory(input.Timesteps, [input.Batch]);
        _label = OrtValue.CreateTensorValueFromMemory(input.Labels, [input.Batch]);
        _inputs = [_sample, _timestep, _label];
        _output = OrtValue.CreateTensorValueFromMemory(_values, shape);
    }

    public string Name => "ONNX Runtime, whole";

    public void Run() => _session.Run(_run, _session.InputNames, _inputs, _session.OutputNames, [_output]);

    public float[] ReadOutput() => _values;

    public void Dispose()
    {
        _output.Dispose();
        _label.Dispose();
        _timestep.Dispose();
        _sample.Dispose();
        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }
}
