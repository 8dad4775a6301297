using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Diffusion.Onnx.Graphs;

/// <summary>Writes fields in protobuf's wire format.</summary>
/// <remarks>By hand, for ONNX's messages as classes need reflection, which a NativeAOT library would carry.</remarks>
internal sealed class WireWriter
{
    private const int VarintField = 0;
    private const int BytesField = 2;
    private const int SingleField = 5;
    private const int LongestVarint = 10;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Number(int field, long value)
    {
        Tag(field, VarintField);
        Varint((ulong)value);
    }

    public void Single(int field, float value)
    {
        Tag(field, SingleField);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(sizeof(float)), value);
        _bytes.Advance(sizeof(float));
    }

    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Prefix(field, value.Length);
        _bytes.Write(value);
    }

    /// <summary>A message within this one.</summary>
    public void Message(int field, Action<WireWriter> write)
    {
        WireWriter inner = new();
        write(inner);
        Bytes(field, inner.Written);
    }

    /// <summary>What stands before bytes that are written elsewhere.</summary>
    public void Prefix(int field, long length)
    {
        Tag(field, BytesField);
        Varint((ulong)length);
    }

    private void Tag(int field, int kind) => Varint((ulong)((field << 3) | kind));

    private void Varint(ulong value)
    {
        Span<byte> target = _bytes.GetSpan(LongestVarint);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[length++] = (byte)(value | 0x80);
        }

        target[length++] = (byte)value;
        _bytes.Advance(length);
    }
}
