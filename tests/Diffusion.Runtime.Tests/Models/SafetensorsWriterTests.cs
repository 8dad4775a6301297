using System.Buffers.Binary;
using System.Text;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Save_ThenOpen_GivesTheSame()
    {
        // Longer than the writer's chunk, so that the seams between chunks are covered.
        float[] weight = [.. Enumerable.Range(0, 40_000).Select(i => MathF.Sin(i))];
        float[] bias = [1, -0.5f, 65504, 6e-8f];
        string path = _folder["x.safetensors"];
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        writer.Metadata["note"] = "quote \" and grüße";
        writer.Add("b", SafetensorsDType.F16, [4], bias.CopyTo);
        writer.Add("w", SafetensorsDType.F32, [200, 200], weight.CopyTo);
        writer.Add("none", SafetensorsDType.F32, [0, 3], values => Assert.Equal(0, values.Length));
        writer.Save(path);

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["none", "w", "b"], file.Entries.Keys);
        Assert.Equal(writer.Metadata, file.Metadata);
        Assert.Equal([200L, 200L], file["w"].Shape);
        float[] read = new float[weight.Length];
        file.CopyTo("w", read);
        Assert.Equal(weight, read);
        read = new float[4];
        file.CopyTo("b", read);
        Assert.Equal(bias.Select(v => (float)(Half)v), read);
    }

    [Fact]
    public void Save_AnyContent_AlignsDataTo8()
    {
        for (int length = 1; length <= 8; length++)
        {
            var writer = new SafetensorsWriter();
            writer.Add(new string('n', length), SafetensorsDType.F32, [], values => values[0] = 1);
            writer.Save(_folder["x"]);
            byte[] bytes = File.ReadAllBytes(_folder["x"]);
            ulong header = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(0UL, header % 8);
            Assert.Equal((ulong)bytes.Length, 8 + header + 4);
        }
    }

    [Fact]
    public void Save_SameContentInOtherOrder_GivesSameBytes()
    {
        byte[] Write(params string[] names)
        {
            var writer = new SafetensorsWriter();
            foreach (string name in names)
            {
                writer.Add(name, SafetensorsDType.F32, [1], values => values[0] = name.Length);
            }

            writer.Save(_folder["x"]);
            return File.ReadAllBytes(_folder["x"]);
        }

        Assert.Equal(Write("a", "bb", "ccc"), Write("ccc", "a", "bb"));
    }

    /// <summary>The layout of the published format: length, header padded with spaces to 8 bytes, data.</summary>
    [Fact]
    public void Save_OneTensor_MatchesPublishedLayout()
    {
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDType.F32, [2], values => values.Fill(1));
        writer.Save(_folder["x"]);
        byte[] expected = SafetensorsBytes.Make(
            Encoding.ASCII.GetBytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}".PadRight(56)),
            [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F]);
        Assert.Equal(expected, File.ReadAllBytes(_folder["x"]));
    }

    [Fact]
    public void Save_SourceThrows_LeavesOldFileAndNothingElse()
    {
        string path = _folder.WriteText("x.safetensors", "old");
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDType.F32, [100_000], values => values.Clear());
        writer.Add("b", SafetensorsDType.F32, [1], _ => throw new TimeoutException());
        Assert.Throws<TimeoutException>(() => writer.Save(path));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Save_Cancelled_LeavesNothing()
    {
        using var cancel = new CancellationTokenSource();
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDType.F32, [1], _ => cancel.Cancel());
        writer.Add("b", SafetensorsDType.F32, [1], _ => Assert.Fail("asked after the cancellation"));
        Assert.Throws<OperationCanceledException>(() => writer.Save(_folder["x"], cancel.Token));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Save_MissingFolder_Throws()
    {
        var writer = new SafetensorsWriter();
        Assert.Throws<DirectoryNotFoundException>(() => writer.Save(_folder[Path.Combine("no", "x")]));
    }

    [Fact]
    public void Save_FiniteBeyondF16_ThrowsNamingValueAndLeavesNothing()
    {
        var writer = new SafetensorsWriter();
        writer.Add("a", SafetensorsDType.F16, [2], values => (values[0], values[1]) = (float.PositiveInfinity, 70000));
        var e = Assert.Throws<InvalidOperationException>(() => writer.Save(_folder["x"]));
        Assert.Contains("70000", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Add_BadArguments_Throw()
    {
        var writer = new SafetensorsWriter();
        TensorFill fill = _ => { };
        writer.Add("a", SafetensorsDType.F32, [1], fill);
        Assert.Throws<ArgumentException>(() => writer.Add("a", SafetensorsDType.F32, [1], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", SafetensorsDType.F32, [1], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("", SafetensorsDType.F32, [1], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("b", SafetensorsDType.I64, [1], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("b", SafetensorsDType.F32, [-1], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("b", SafetensorsDType.F32, [1 << 20, 1 << 20], fill));
        Assert.Throws<ArgumentException>(() => writer.Add("b", SafetensorsDType.F32, new long[9], fill));
    }
}
