using System.Buffers.Binary;
using System.Text;

namespace Diffusion.Runtime.Tests.Models;

/// <summary>Builds safetensors files by hand, so that the reader is not tested against our own writer alone.</summary>
internal static class SafetensorsBytes
{
    public static byte[] Make(string header, int dataSize) => Make(Encoding.UTF8.GetBytes(header), new byte[dataSize]);

    public static byte[] Make(byte[] header, byte[] data)
    {
        byte[] file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }

    public static string Entry(string name, string dtype, string shape, string offsets) =>
        $$"""{{name}}:{"dtype":"{{dtype}}","shape":{{shape}},"data_offsets":{{offsets}}}""";
}
