using System.Runtime.CompilerServices;
using CsCheck;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Onnx;
using Diffusion.Torch.UNet;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Diffusion.Torch.Tests.Onnx;

/// <summary>The written graphs, run by ONNX Runtime, against the network itself.</summary>
public sealed class UNetOnnxTests
{
    /// <summary>
    /// Largest difference relative to the output's largest value: float32 rounding over some 30 layers stays ten times
    /// below.
    /// </summary>
    private const double Tolerance = 1e-4;

    // Level types of an encoder beside those of the decoder that fit it.
    private static readonly (string Down, string Up)[] _blocks =
    [
        ("DownBlock2D", "UpBlock2D"),
        ("AttnDownBlock2D", "AttnUpBlock2D"),
        ("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D"),
    ];

    private static readonly Gen<UNetConfig> _genConfig =
        from levels in Gen.Select(Gen.Int[0, _blocks.Length - 1], Gen.Int[1, 3]).Array[1, 3]
        from layers in Gen.Int[1, 2]
        from patch in Gen.Int[1, 2]
        from classes in Gen.Int[0, 5]
        from headWidth in Gen.Int[0, 2].Select(i => 4 * i)
        from isScaleShift in Gen.Bool
        from isResnet in Gen.Bool
        from padding in Gen.Int[0, 1]
        select new UNetConfig
        {
            BlockOutChannels = [.. levels.Select(level => 8 * level.Item2)],
            DownBlockTypes = [.. levels.Select(level => _blocks[level.Item1].Down)],
            UpBlockTypes = [.. levels.Reverse().Select(level => _blocks[level.Item1].Up)],
            LayersPerBlock = layers,
            PatchSize = patch,
            InChannels = 3 * patch * patch,
            OutChannels = 3 * patch * patch,
            NumClassEmbeds = classes,
            AttentionHeadDim = headWidth,
            ResnetTimeScaleShift = isScaleShift ? "scale_shift" : "default",
            DownsampleType = isResnet ? "resnet" : "conv",
            UpsampleType = isResnet ? "resnet" : "conv",
            DownsamplePadding = padding,
            NormNumGroups = 4,
        };

    public static TheoryData<string, bool> Cases
    {
        get
        {
            TheoryData<string, bool> cases = [];
            foreach (string name in TestNetworks.ByFeature.Keys)
            {
                cases.Add(name, false);
                cases.Add(name, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Write_EveryFeature_RunsElsewhereAlike(string name, bool isSeamless)
    {
        using UNet2DModel network = TestNetworks.Create(TestNetworks.ByFeature[name]);
        network.Seamless = isSeamless;
        Compare(network, batch: 2, height: 16, width: 24, Whole);
    }

    [Fact]
    public void Write_AnyConfiguration_RunsElsewhereAlike() => Gen.Select(_genConfig, Gen.Bool).Sample(
        (config, isSeamless) =>
        {
            using UNet2DModel network = TestNetworks.Create(config);
            network.Seamless = isSeamless;
            Compare(network, batch: 1, height: 8 * config.PatchSize, width: 16 * config.PatchSize, Whole);
        },
        iter: 30,
        threads: 1);

    [Fact]
    public void WriteSlice_AnyConfiguration_SlicesInOrderRunAlike() => Gen.Select(_genConfig, Gen.Bool).Sample(
        (config, isSeamless) =>
        {
            using UNet2DModel network = TestNetworks.Create(config);
            network.Seamless = isSeamless;
            Compare(network, batch: 2, height: 8 * config.PatchSize, width: 8 * config.PatchSize, BySlices);
        },
        iter: 10,
        threads: 1);

    [Theory]
    [InlineData(false, 1, 64)]
    [InlineData(true, 1, 64)]
    [InlineData(true, 2, 128)]
    public void Write_ShippedModel_RunsElsewhereAlike(bool isSeamless, int batch, int size)
    {
        using UNet2DModel network = UNetWeights.Load(ModelFolder.Open(ShippedModel()));
        network.Seamless = isSeamless;
        Compare(network, batch, size, size, Whole);
        Compare(network, batch, size, size, BySlices);
    }

    /// <summary>One file serves all batches and sizes.</summary>
    [Fact]
    public void Write_OneGraph_TakesAnyBatchAndSize()
    {
        using UNet2DModel network = TestNetworks.Create(TestNetworks.Textures);
        using InferenceSession session = new(Bytes(network));
        Compare(network, batch: 1, height: 16, width: 16, inputs => session.Run(inputs)[0].AsTensor<float>().Clone());
        Compare(network, batch: 3, height: 32, width: 8, inputs => session.Run(inputs)[0].AsTensor<float>().Clone());
    }

    [Fact]
    public void Write_Weights_KeepTheirNamesShapesAndValues()
    {
        using UNet2DModel network = TestNetworks.Create(TestNetworks.Textures);
        ModelProto model = ModelProto.Parser.ParseFrom(Bytes(network));
        Dictionary<string, TensorProto> stored = model.Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach ((string name, Tensor tensor) in network.state_dict())
        {
            Assert.Equal(tensor.shape, stored[name].Dims);
            using Tensor numbers = tensor.detach().contiguous();
            Assert.True(numbers.bytes.SequenceEqual(stored[name].RawData.Span), name);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    public void WriteSlice_NoSuchSlice_Throws(int index)
    {
        using UNet2DModel network = new(TestNetworks.Plain);
        using MemoryStream stream = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => UNetOnnx.WriteSlice(network, index, stream));
        Assert.Equal(0, stream.Length);
    }

    private static void Compare(
        UNet2DModel network,
        int batch,
        int height,
        int width,
        Func<UNet2DModel, List<NamedOnnxValue>, Tensor<float>> run) =>
        Compare(network, batch, height, width, inputs => run(network, inputs));

    private static void Compare(
        UNet2DModel network, int batch, int height, int width, Func<List<NamedOnnxValue>, Tensor<float>> run)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        int rows = network.Config.NumClassEmbeds;
        bool isConditional = rows > 0 || network.Config.ClassEmbedType is not null;
        float[] times = [.. Enumerable.Range(0, batch).Select(i => 3f + (798 * i))];
        long[] labels = [.. Enumerable.Range(0, batch).Select(i => rows > 0 ? (4L * i) % rows : 4L * i)];
        using Tensor sample = TestNetworks.Noise(7, batch, network.Config.ImageChannels, height, width);
        float[] expected = network.call(sample, tensor(times), isConditional ? tensor(labels) : null)
            .contiguous().data<float>().ToArray();
        List<NamedOnnxValue> inputs =
        [
            Value("sample", sample.data<float>().ToArray(), [.. sample.shape.Select(size => (int)size)]),
            Value("timestep", times, batch),
        ];
        if (isConditional)
        {
            inputs.Add(Value("class_label", labels, batch));
        }

        float[] actual = [.. run(inputs)];

        Assert.Equal(expected.Length, actual.Length);
        double scale = expected.Max(MathF.Abs);
        double difference = expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max();
        Assert.True(scale > 0);
        Assert.True(difference <= Tolerance * scale, $"largest difference {difference}, largest value {scale}");
    }

    private static Tensor<float> Whole(UNet2DModel network, List<NamedOnnxValue> inputs)
    {
        using InferenceSession session = new(Bytes(network));
        return session.Run(inputs)[0].AsTensor<float>().Clone();
    }

    /// <summary>As the documentation of <see cref="UNetOnnx"/> says that slices are run.</summary>
    private static Tensor<float> BySlices(UNet2DModel network, List<NamedOnnxValue> inputs)
    {
        Dictionary<string, NamedOnnxValue> values = inputs.ToDictionary(value => value.Name);
        Stack<Tensor<float>> skips = new();
        for (int i = 0; i < UNetOnnx.SliceNames(network).Count; i++)
        {
            using MemoryStream stream = new();
            UNetOnnx.WriteSlice(network, i, stream);
            using InferenceSession session = new(stream.ToArray());
            if (session.InputMetadata.ContainsKey("skip"))
            {
                values["skip"] = NamedOnnxValue.CreateFromTensor("skip", skips.Pop());
            }

            foreach (NamedOnnxValue made in session.Run([.. session.InputMetadata.Keys.Select(name => values[name])]))
            {
                string name = made.Name == "next" ? "hidden" : made.Name;
                values[name] = NamedOnnxValue.CreateFromTensor(name, made.AsTensor<float>().Clone());
            }

            if (session.ModelMetadata.CustomMetadataMap["keeps_skip"] == "true")
            {
                skips.Push(values["hidden"].AsTensor<float>().Clone());
            }
        }

        Assert.Empty(skips);
        return values["output"].AsTensor<float>().Clone();
    }

    private static NamedOnnxValue Value<T>(string name, T[] values, params int[] shape) =>
        NamedOnnxValue.CreateFromTensor(name, new DenseTensor<T>(values, shape));

    private static byte[] Bytes(UNet2DModel network)
    {
        using MemoryStream stream = new();
        UNetOnnx.Write(network, stream);
        return stream.ToArray();
    }

    private static string ShippedModel([CallerFilePath] string file = "") => Path.GetFullPath(
        Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "models", "textures-64"));
}
