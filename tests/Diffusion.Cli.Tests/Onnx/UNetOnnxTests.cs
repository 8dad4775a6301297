using CsCheck;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Tests.Compute;
using Diffusion.Onnx;
using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using Tensor = TorchSharp.torch.Tensor;

namespace Diffusion.Cli.Tests.Onnx;

/// <summary>The written files, read back, and run by ONNX Runtime against the Torch network.</summary>
public sealed class UNetOnnxTests
{
    /// <summary>The same sums in another order, twenty layers deep, relative to the output's largest value.</summary>
    private const double Rounding = 1e-4;

    private static readonly UNetConfig _plain = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "AttnDownBlock2D"],
        UpBlockTypes = ["AttnUpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
        NumClassEmbeds = 5,
    };

    // As the engine makes it, so that the process has one environment, of one size.
    public UNetOnnxTests() => OnnxEnvironment.Prepare(threads: 0);

    [Fact]
    public void Write_RandomNetworksAndShapes_RunElsewhereAlike() => NetworkGenerator.Cases.Sample(
        test =>
        {
            using TestModel model = new(test.Config, test.Seed);
            Compare(model.Network, model.Folder, test, Whole);
        },
        iter: 10,
        threads: 1);

    [Fact]
    public void WriteSlice_RandomNetworksAndShapes_RunElsewhereAlike() => NetworkGenerator.Cases.Sample(
        test =>
        {
            using TestModel model = new(test.Config, test.Seed);
            Compare(model.Network, model.Folder, test, BySlices);
        },
        iter: 6,
        threads: 1);

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void Write_ShippedModel_RunsElsewhereAlike(bool isSeamless, int batch)
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));
        using UNet2DModel network = UNetWeights.Load(folder);
        NetworkCase test = new(folder.Config, batch, 32, 64, isSeamless, Seed: 3);
        Compare(network, folder, test, Whole);
        Compare(network, folder, test, BySlices);
    }

    [Fact]
    public void Write_OneFile_TakesAnyBatchAndSize()
    {
        using TestModel model = new(_plain);
        using UNetOnnx written = new(model.Folder, isSeamless: true);
        using InferenceSession session = new(Bytes(written.Write));

        Compare(model.Network, model.Folder, new NetworkCase(_plain, 1, 16, 16, true, 3), Run);
        Compare(model.Network, model.Folder, new NetworkCase(_plain, 3, 32, 8, true, 4), Run);

        float[] Run(UNetOnnx network, Dictionary<string, OrtValue> inputs) => RunAll(session, inputs)["output"];
    }

    [Fact]
    public void Write_Weights_KeepTheirNamesShapesAndValues()
    {
        using TestModel model = new(_plain);
        using UNetOnnx written = new(model.Folder, isSeamless: false);

        ModelProto file = ModelProto.Parser.ParseFrom(Bytes(written.Write));

        Dictionary<string, TensorProto> stored = file.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach ((string name, Tensor tensor) in model.Network.state_dict())
        {
            Assert.Equal(tensor.shape, stored[name].Dims);
            using Tensor numbers = tensor.detach().contiguous();
            Assert.True(numbers.bytes.SequenceEqual(stored[name].RawData.Span), name);
        }

        Assert.Equal((9, 19), (file.IrVersion, file.OpsetImport.Single().Version));
        Assert.Equal(("seamless", "false"), (file.MetadataProps[0].Key, file.MetadataProps[0].Value));
        Assert.Equal(["batch", "", "height", "width"], file.Graph.Output.Single().Type.TensorType.Shape.Dim
            .Select(dimension => dimension.DimParam));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    public void WriteSlice_NoSuchSlice_Throws(int index)
    {
        using TestModel model = new(_plain);
        using UNetOnnx written = new(model.Folder, isSeamless: false);
        using MemoryStream stream = new();

        Assert.Throws<ArgumentOutOfRangeException>(() => written.WriteSlice(index, stream));
        Assert.Equal(0, stream.Length);
    }

    private static void Compare(
        UNet2DModel network,
        ModelFolder folder,
        NetworkCase test,
        Func<UNetOnnx, Dictionary<string, OrtValue>, float[]> run)
    {
        TorchReference reference = new(network, test.Batch, test.Height, test.Width, test.Seamless, test.Seed);
        float[] expected = reference.Run();
        Dictionary<string, OrtValue> inputs = new()
        {
            ["sample"] = OrtValue.CreateTensorValueFromMemory(
                reference.Sample, [test.Batch, 3, test.Height, test.Width]),
            ["timestep"] = OrtValue.CreateTensorValueFromMemory(reference.Times, [test.Batch]),
        };
        if (reference.Labels.Length > 0)
        {
            inputs["class_label"] = OrtValue.CreateTensorValueFromMemory(reference.Labels, [test.Batch]);
        }

        using UNetOnnx written = new(folder, test.Seamless);
        double difference = SliceParity.Difference(expected, run(written, inputs));

        Assert.True(difference < Rounding, $"differs by {difference:e1}: {test}");
    }

    private static float[] Whole(UNetOnnx network, Dictionary<string, OrtValue> inputs)
    {
        using InferenceSession session = new(Bytes(network.Write));
        return RunAll(session, inputs)["output"];
    }

    /// <summary>As the documentation of <see cref="UNetOnnx"/> says that slices are run.</summary>
    private static float[] BySlices(UNetOnnx network, Dictionary<string, OrtValue> inputs)
    {
        Dictionary<string, OrtValue> values = new(inputs);
        for (int i = 0; i < network.SliceNames.Count; i++)
        {
            using InferenceSession session = new(Bytes(stream => network.WriteSlice(i, stream)));
            string made = i == network.SliceNames.Count - 1 ? "output" : network.SliceNames[i];
            Assert.Contains(made, session.OutputNames);
            using RunOptions options = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
                options, session.InputNames, [.. session.InputNames.Select(name => values[name])], session.OutputNames);
            foreach ((string name, OrtValue value) in session.OutputNames.Zip(outputs))
            {
                values[name] = OrtValue.CreateTensorValueFromMemory(
                    value.GetTensorDataAsSpan<float>().ToArray(), value.GetTensorTypeAndShape().Shape);
            }
        }

        return values["output"].GetTensorDataAsSpan<float>().ToArray();
    }

    private static Dictionary<string, float[]> RunAll(InferenceSession session, Dictionary<string, OrtValue> inputs)
    {
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            options, session.InputNames, [.. session.InputNames.Select(name => inputs[name])], session.OutputNames);
        return session.OutputNames.Zip(outputs)
            .ToDictionary(pair => pair.First, pair => pair.Second.GetTensorDataAsSpan<float>().ToArray());
    }

    private static byte[] Bytes(Action<Stream> write)
    {
        using MemoryStream stream = new();
        write(stream);
        return stream.ToArray();
    }
}
