using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

public sealed class SafetensorsHostileTests : IDisposable
{
    private const string F32 = "\"dtype\":\"F32\"";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Name, header, bytes of data, and a word that the message must have: that of the rule meant, not of another.
    /// </summary>
    public static TheoryData<string, string, int, string> Headers => new()
    {
        { "empty", "", 0, "'{'" },
        { "array", "[]", 0, "'{'" },
        { "leading space", " {}", 0, "'{'" },
        { "unclosed", "{", 0, "JSON" },
        { "trailing comma", "{\"a\":{},}", 0, "dtype" },
        { "trailing garbage", "{}x", 0, "JSON" },
        { "second root", "{}{}", 0, "JSON" },
        { "zero padding", "{}\0\0", 0, "JSON" },
        { "comment", "{/**/}", 0, "JSON" },
        { "null tensor", "{\"a\":null}", 0, "object" },
        { "no fields", "{\"a\":{}}", 0, "must have" },
        { "no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "must have" },
        { "no shape", $"{{\"a\":{{{F32},\"data_offsets\":[0,4]}}}}", 4, "must have" },
        { "no offsets", $"{{\"a\":{{{F32},\"shape\":[1]}}}}", 4, "must have" },
        { "unknown key", $"{{\"a\":{{{F32},\"shape\":[1],\"data_offsets\":[0,4],\"strides\":[1]}}}}", 4, "strides" },
        { "repeated key", $"{{\"a\":{{{F32},{F32},\"shape\":[1],\"data_offsets\":[0,4]}}}}", 4, "repeated" },
        { "unknown dtype", One("F31", "[1]", "[0,4]"), 4, "dtype 'F31'" },
        { "dtype by number", One("11", "[1]", "[0,4]"), 4, "dtype '11'" },
        { "lower-case dtype", One("f32", "[1]", "[0,4]"), 4, "dtype 'f32'" },
        { "dtype not a string", "{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype" },
        { "shape not an array", One("F32", "1", "[0,4]"), 4, "not an array" },
        { "fraction", One("F32", "[1.0]", "[0,4]"), 4, "integers" },
        { "exponent", One("F32", "[1e0]", "[0,4]"), 4, "integers" },
        { "text extent", One("F32", "[\"1\"]", "[0,4]"), 4, "integers" },
        { "negative extent", One("F32", "[-1]", "[0,4]"), 4, "integers" },
        { "two negative extents", One("F32", "[-1,-1]", "[0,4]"), 4, "integers" },
        { "extent beyond 64 bits", One("F32", "[99999999999999999999]", "[0,4]"), 4, "integers" },
        { "product overflows", One("F32", "[4294967296,4294967296]", "[0,0]"), 0, "elements" },
        { "product wraps to 1", One("U8", "[6700417,641,4294967297]", "[0,1]"), 1, "elements" },
        { "bytes overflow", One("F64", "[2147483647]", "[0,8]"), 8, "bytes" },
        { "rank 9", One("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "more than 8" },
        { "nested shape", One("F32", "[[1]]", "[0,4]"), 4, "integers" },
        { "three offsets", One("F32", "[1]", "[0,4,8]"), 4, "more than 2" },
        { "one offset", One("F32", "[1]", "[4]"), 4, "must have" },
        { "negative offset", One("F32", "[1]", "[-4,0]"), 4, "integers" },
        { "backward offsets", One("F32", "[1]", "[4,0]"), 4, "span" },
        { "size too small", One("F32", "[2]", "[0,4]"), 4, "span" },
        { "size too large", One("F32", "[1]", "[0,8]"), 8, "span" },
        { "past the end", One("F32", "[2]", "[0,8]"), 4, "holds only" },
        { "far past the end", One("F32", "[1]", "[9223372036854775800,9223372036854775804]"), 4, "hole" },
        { "hole before", One("F32", "[1]", "[4,8]"), 8, "hole" },
        { "hole behind", One("F32", "[1]", "[0,4]"), 8, "cover" },
        { "hole between", Two("\"a\"", "[0,4]", "\"b\"", "[8,12]"), 12, "hole" },
        { "overlap", Two("\"a\"", "[0,4]", "\"b\"", "[2,6]"), 6, "overlap" },
        { "same bytes twice", Two("\"a\"", "[0,4]", "\"b\"", "[0,4]"), 4, "overlap" },
        { "same name twice", Two("\"a\"", "[0,4]", "\"a\"", "[4,8]"), 8, "twice" },
        { "same name escaped", Two("\"a\"", "[0,4]", "\"\\u0061\"", "[4,8]"), 8, "twice" },
        { "half a surrogate pair", "{\"\\ud800\":{}}", 0, "Unicode" },
        { "metadata of a number", "{\"__metadata__\":{\"a\":1}}", 0, "not a string" },
        { "metadata of an array", "{\"__metadata__\":[]}", 0, "__metadata__" },
        { "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__" },
        { "metadata key twice", "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "twice" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Open_HostileHeader_ThrowsNamingFileAndRule(string name, string header, int dataSize, string rule)
    {
        string path = _folder.WriteBytes($"{name}.safetensors", SafetensorsBytes.Make(header, dataSize));
        var e = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Equal(path, e.Path);
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Open_ShorterThanLength_Throws(int size) => AssertRefused(new byte[size], "too few");

    [Theory]
    [InlineData(3UL, "with 2 bytes")]
    [InlineData(100_000_001UL, "limit")]
    [InlineData(ulong.MaxValue, "limit")]
    [InlineData(1UL << 63, "limit")]
    public void Open_HeaderLongerThanFileOrLimit_Throws(ulong claimed, string rule)
    {
        byte[] file = SafetensorsBytes.Make("{}", 0);
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        AssertRefused(file, rule);
    }

    [Fact]
    public void Open_InvalidUtf8_Throws() =>
        AssertRefused(SafetensorsBytes.Make([.. "{\""u8, 0xC3, 0x28, .. "\":1}"u8], []), "UTF-8");

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    public void Open_DeepNesting_Throws(string opening)
    {
        var header = new StringBuilder("{\"a\":{\"shape\":");
        header.Insert(header.Length, opening, 1_000_000);
        AssertRefused(SafetensorsBytes.Make(header.ToString(), 0), "shape");
    }

    [Fact]
    public void Open_MoreTensorsThanLimit_Throws()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i <= 100_000; i++)
        {
            header.Append(i == 0 ? "" : ",").Append(SafetensorsBytes.Entry($"\"{i}\"", "F32", "[0]", "[0,0]"));
        }

        AssertRefused(SafetensorsBytes.Make(header.Append('}').ToString(), 0), "more than 100000");
    }

    [Fact]
    public void Open_LongNameWithControlCharacters_GivesShortOneLineMessage()
    {
        string name = "\\n\\u001b" + new string('x', 100_000);
        string path = _folder.WriteBytes("x", SafetensorsBytes.Make($"{{\"{name}\":1}}", 0));
        var e = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.True(e.Message.Length < 400 && !e.Message.Any(char.IsControl), e.Message);
    }

    [Fact]
    public void Open_EveryTruncation_Throws()
    {
        byte[] valid = ValidFile();
        for (int length = 0; length < valid.Length; length++)
        {
            AssertRefused(valid[..length], "");
        }
    }

    /// <summary>
    /// Half of the changes put a character of the header's own alphabet in, so that they get past the JSON parser.
    /// </summary>
    [Fact]
    public void Open_MutatedBytes_ThrowsOnlyModelFormatExceptionOrReads()
    {
        byte[] valid = ValidFile();
        byte[] alphabet = Encoding.ASCII.GetBytes("0123456789-[]{}\",:.eFIBU \\u");
        Gen<byte> value = Gen.OneOf(Gen.Byte, Gen.Int[0, alphabet.Length - 1].Select(i => alphabet[i]));
        Gen<(int Position, byte Value)[]> edits = Gen.Select(Gen.Int[0, valid.Length - 1], value).Array[1, 4];
        int read = 0;
        int refused = 0;
        edits.Sample(
            changes =>
            {
                byte[] mutated = [.. valid];
                foreach ((int position, byte v) in changes)
                {
                    mutated[position] = v;
                }

                _ = TryRead(mutated) ? read++ : refused++;
            },
            iter: 3_000,
            threads: 1);

        // A fuzz that only ever meets one of the two tests nothing.
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    private bool TryRead(byte[] content)
    {
        string path = _folder.WriteBytes("fuzz.safetensors", content);
        try
        {
            using var file = SafetensorsFile.Open(path);
            long sum = 0;
            foreach (SafetensorsEntry entry in file.Entries.Values)
            {
                foreach (byte b in file.GetBytes(entry.Name))
                {
                    sum += b;
                }
            }

            Assert.InRange(sum, 0, content.Length * 255L);
            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    private void AssertRefused(byte[] content, string rule)
    {
        string path = _folder.WriteBytes("x.safetensors", content);
        var e = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
    }

    private byte[] ValidFile()
    {
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        writer.Add("conv_in.weight", SafetensorsDType.F32, [2, 3, 1, 1], values => values.Fill(1));
        writer.Add("conv_in.bias", SafetensorsDType.F16, [3], values => values.Fill(2));
        writer.Add("scale", SafetensorsDType.F16, [], values => values.Fill(3));
        writer.Save(_folder["valid.safetensors"]);
        return File.ReadAllBytes(_folder["valid.safetensors"]);
    }

    private static string One(string dtype, string shape, string offsets) =>
        $"{{{SafetensorsBytes.Entry("\"a\"", dtype, shape, offsets)}}}";

    private static string Two(string first, string firstOffsets, string second, string secondOffsets) =>
        $"{{{SafetensorsBytes.Entry(first, "F32", "[1]", firstOffsets)},"
        + $"{SafetensorsBytes.Entry(second, "F32", "[1]", secondOffsets)}}}";
}
