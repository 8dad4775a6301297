using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Torch.UNet;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

public sealed class UNetWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly UNet2DModel _network = TestNetworks.Create(TestNetworks.Plain);

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Read_FileInSinglePrecision_RestoresEveryTensorToTheBit()
    {
        UNetWeights.Write(_network, _folder["w.safetensors"], SafetensorsDType.F32);
        using UNet2DModel other = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["w.safetensors"]);
        UNetWeights.Read(other, file);
        AssertEqual(_network, other);
    }

    [Fact]
    public void Read_HalfPrecision_BecomesTheSameValueInSinglePrecision()
    {
        UNetWeights.Write(_network, _folder["w.safetensors"], SafetensorsDType.F16);
        using UNet2DModel other = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["w.safetensors"]);
        UNetWeights.Read(other, file);
        Dictionary<string, Tensor> expected = _network.state_dict();
        foreach ((string name, Tensor tensor) in other.state_dict())
        {
            Assert.Equal(ScalarType.Float32, tensor.dtype);
            using Tensor rounded = expected[name].to_type(ScalarType.Float16).to_type(ScalarType.Float32);
            Assert.True(rounded.equal(tensor).all().item<bool>(), name);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Read_ValueThatIsNotFinite_NamesItsTensorAndChangesNothing(double value)
    {
        using UNet2DModel other = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using UNet2DModel before = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using (IDisposable noGrad = no_grad())
        {
            _network.state_dict()["conv_out.bias"][1] = value;
        }

        UNetWeights.Write(_network, _folder["w.safetensors"], SafetensorsDType.F16);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["w.safetensors"]);

        var error = Assert.Throws<ModelFormatException>(() => UNetWeights.Read(other, file));

        Assert.Contains("'conv_out.bias' holds a value that is not finite", error.Message, StringComparison.Ordinal);
        AssertEqual(before, other);
    }

    [Fact]
    public void Read_DeprecatedAttentionNames_AreUnderstood()
    {
        Save(name => name
            .Replace(".to_q.", ".query.", StringComparison.Ordinal)
            .Replace(".to_k.", ".key.", StringComparison.Ordinal)
            .Replace(".to_v.", ".value.", StringComparison.Ordinal)
            .Replace(".to_out.0.", ".proj_attn.", StringComparison.Ordinal));
        using UNet2DModel other = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["w.safetensors"]);
        Assert.Contains("mid_block.attentions.0.query.weight", file.Entries.Keys);
        UNetWeights.Read(other, file);
        AssertEqual(_network, other);
    }

    [Fact]
    public void Read_MissingUnknownAndWronglyShapedTensors_NamesThemAllAndChangesNothing()
    {
        Save(name => name == "conv_in.bias" ? "conv_in.surplus" : name, reshaped: "conv_out.bias");
        using UNet2DModel other = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using UNet2DModel untouched = TestNetworks.Create(TestNetworks.Plain, seed: 2);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["w.safetensors"]);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => UNetWeights.Read(other, file));
        Assert.Contains("lacks conv_in.bias", error.Message, StringComparison.Ordinal);
        Assert.Contains("unknown conv_in.surplus", error.Message, StringComparison.Ordinal);
        Assert.Contains("conv_out.bias [3, 1] instead of [3]", error.Message, StringComparison.Ordinal);
        AssertEqual(untouched, other);
    }

    private static void AssertEqual(UNet2DModel expected, UNet2DModel actual)
    {
        Dictionary<string, Tensor> tensors = actual.state_dict();
        foreach ((string name, Tensor tensor) in expected.state_dict())
        {
            Assert.True(tensor.equal(tensors[name]).all().item<bool>(), name);
        }
    }

    private void Save(Func<string, string> rename, string reshaped = "")
    {
        SafetensorsWriter writer = new();
        foreach ((string name, Tensor tensor) in _network.state_dict())
        {
            long[] shape = name == reshaped ? [.. tensor.shape, 1] : tensor.shape;
            float[] values = tensor.data<float>().ToArray();
            writer.Add(rename(name), SafetensorsDType.F32, shape, destination => values.CopyTo(destination));
        }

        writer.Save(_folder["w.safetensors"]);
    }
}
