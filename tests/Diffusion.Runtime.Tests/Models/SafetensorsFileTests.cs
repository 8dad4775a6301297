using System.Text;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_HandMadeFile_GivesEntriesInByteOrderAndMetadata()
    {
        const string header = """
            {"__metadata__":{"format":"pt"},"b":{"dtype":"I32","shape":[],"data_offsets":[8,12]},
            "a":{"data_offsets":[0,8],"shape":[2,1],"dtype":"F32"},
            "none":{"dtype":"U8","shape":[3,0],"data_offsets":[8,8]}}
            """;
        byte[] data = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 42, 0, 0, 0];
        string path = _folder.WriteBytes("x.safetensors", SafetensorsBytes.Make(Encoding.UTF8.GetBytes(header), data));

        using var file = SafetensorsFile.Open(path);

        Assert.Equal(["a", "none", "b"], file.Entries.Keys);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([2L, 1L], file["a"].Shape);
        Assert.Equal(SafetensorsDType.I32, file["b"].DType);
        Assert.Equal(1, file["b"].ElementCount);
        Assert.Equal(0, file["none"].ElementCount);
        Assert.Equal([42, 0, 0, 0], file.GetBytes("b").ToArray());
        float[] values = new float[2];
        file.CopyTo("a", values);
        Assert.Equal([1f, -2f], values);
    }

    [Fact]
    public void Open_NoTensors_IsValid()
    {
        string path = _folder.WriteBytes("x.safetensors", SafetensorsBytes.Make("{}      ", 0));
        using var file = SafetensorsFile.Open(path);
        Assert.Empty(file.Entries);
        Assert.Empty(file.Metadata);
    }

    [Theory]
    [InlineData(0x0000, 0f)]
    [InlineData(0x0001, 5.9604645e-8f)] // smallest subnormal, 2^-24
    [InlineData(0x03FF, 6.097555e-5f)] // largest subnormal, 1023 * 2^-24
    [InlineData(0x0400, 6.1035156e-5f)] // smallest normal, 2^-14
    [InlineData(0x3C00, 1f)]
    [InlineData(0xC000, -2f)]
    [InlineData(0x3555, 0.33325195f)]
    [InlineData(0x7BFF, 65504f)]
    [InlineData(0x7C00, float.PositiveInfinity)]
    [InlineData(0xFC00, float.NegativeInfinity)]
    [InlineData(0x7E00, float.NaN)]
    public void CopyTo_F16_MatchesKnownValue(int bits, float expected) =>
        Assert.Equal(expected, ReadOne("F16", BitConverter.GetBytes((ushort)bits)));

    [Theory]
    [InlineData(0x0000, 0f)]
    [InlineData(0x0001, 9.1835e-41f)] // smallest subnormal, 2^-133
    [InlineData(0x0080, 1.17549435e-38f)] // smallest normal, 2^-126
    [InlineData(0x3F80, 1f)]
    [InlineData(0xC049, -3.140625f)]
    [InlineData(0x7F7F, 3.3895314e38f)]
    [InlineData(0x7F80, float.PositiveInfinity)]
    [InlineData(0xFF80, float.NegativeInfinity)]
    [InlineData(0x7FC0, float.NaN)]
    public void CopyTo_BF16_MatchesKnownValue(int bits, float expected) =>
        Assert.Equal(expected, ReadOne("BF16", BitConverter.GetBytes((ushort)bits)));

    [Theory]
    [InlineData(0.1, 0.1f)]
    [InlineData(1e300, float.PositiveInfinity)]
    [InlineData(double.NaN, float.NaN)]
    public void CopyTo_F64_RoundsToSingle(double value, float expected) =>
        Assert.Equal(expected, ReadOne("F64", BitConverter.GetBytes(value)));

    [Fact]
    public void CopyTo_NegativeZero_KeepsSign()
    {
        Assert.True(float.IsNegative(ReadOne("F16", [0x00, 0x80])));
        Assert.True(float.IsNegative(ReadOne("BF16", [0x00, 0x80])));
    }

    [Fact]
    public void CopyTo_IntegerTensor_Throws()
    {
        var e = Assert.Throws<ModelFormatException>(() => ReadOne("I32", [1, 0, 0, 0]));
        Assert.Contains("I32", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void CopyTo_WrongLength_Throws(int length)
    {
        string path = WriteOne("F32", [0, 0, 0, 0]);
        using var file = SafetensorsFile.Open(path);
        Assert.Throws<ArgumentException>(() => file.CopyTo("x", new float[length]));
    }

    [Fact]
    public void Indexer_UnknownName_NamesIt()
    {
        using var file = SafetensorsFile.Open(WriteOne("F32", [0, 0, 0, 0]));
        var e = Assert.Throws<ModelFormatException>(() => file["conv_in.weight"]);
        Assert.Contains("conv_in.weight", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetBytes_AfterDispose_Throws()
    {
        var file = SafetensorsFile.Open(WriteOne("F32", [0, 0, 0, 0]));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.GetBytes("x").Length);
        Assert.Throws<ObjectDisposedException>(() => file.CopyTo("x", new float[1]));
    }

    [Fact]
    public void Open_MissingFile_ThrowsFileNotFound() =>
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(_folder["nothing.safetensors"]));

    private float ReadOne(string dtype, byte[] data)
    {
        using var file = SafetensorsFile.Open(WriteOne(dtype, data));
        float[] value = new float[1];
        file.CopyTo("x", value);
        return value[0];
    }

    private string WriteOne(string dtype, byte[] data)
    {
        string header = $"{{{SafetensorsBytes.Entry("\"x\"", dtype, "[1]", $"[0,{data.Length}]")}}}";
        return _folder.WriteBytes("x.safetensors", SafetensorsBytes.Make(Encoding.UTF8.GetBytes(header), data));
    }
}
