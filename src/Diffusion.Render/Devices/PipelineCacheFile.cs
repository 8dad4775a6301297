using System.Buffers.Binary;
using System.Security.Cryptography;
using Diffusion.Runtime.Models;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A driver's pipeline cache on disk, one file for each device and driver.</summary>
/// <remarks>
/// Drivers must reject what is not theirs, yet some trust the bytes past their header and crash on a file that a full
/// disk cut short. So a checksum stands before them, and a file that does not match it is never shown to the driver.
/// File: 8 bytes of signature, 32 bytes of SHA-256, the driver's bytes.
/// </remarks>
internal static unsafe class PipelineCacheFile
{
    /// <summary>A cache beyond this is taken for something else; in bytes.</summary>
    public const long MaxSizeInBytes = 64L << 20;

    private const int HashOffset = 8;
    private const int DataOffset = HashOffset + SHA256.HashSizeInBytes;
    private const int VulkanHeaderSize = 32;

    private static ReadOnlySpan<byte> Signature => "DIFFPC01"u8;

    /// <summary>The file of a device and its driver.</summary>
    public static string PathOf(string folder, in PhysicalDeviceProperties device)
    {
        fixed (byte* uuid = device.PipelineCacheUuid)
        {
            string id = Convert.ToHexStringLower(new ReadOnlySpan<byte>(uuid, (int)Vk.UuidSize));
            return Path.Combine(folder, $"pipelines-{device.VendorID:x4}-{device.DeviceID:x4}-{id}.bin");
        }
    }

    /// <summary>The driver's bytes, or none with the reason; a file that is not there needs no reason.</summary>
    public static byte[] Read(string path, in PhysicalDeviceProperties device, out string? whyNot)
    {
        whyNot = null;
        byte[] file;
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                return [];
            }

            if (info.Length > MaxSizeInBytes)
            {
                whyNot = $"it has {info.Length} bytes, more than {MaxSizeInBytes}";
                return [];
            }

            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            whyNot = error.Message;
            return [];
        }

        ReadOnlySpan<byte> bytes = file;
        if (bytes.Length < DataOffset || !bytes.StartsWith(Signature))
        {
            whyNot = "it is no pipeline cache of this library";
            return [];
        }

        ReadOnlySpan<byte> data = bytes[DataOffset..];
        if (!SHA256.HashData(data).AsSpan().SequenceEqual(bytes[HashOffset..DataOffset]))
        {
            whyNot = "its checksum is wrong";
            return [];
        }

        if (!IsOf(data, device))
        {
            whyNot = "another device or driver made it";
            return [];
        }

        return data.ToArray();
    }

    /// <summary>Writes the driver's bytes whole or not at all.</summary>
    /// <exception cref="IOException">The disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static void Write(string path, byte[] data)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Signature);
            stream.Write(SHA256.HashData(data));
            stream.Write(data);
        });
    }

    // VkPipelineCacheHeaderVersionOne: size, version, vendor, device, UUID.
    private static bool IsOf(ReadOnlySpan<byte> data, in PhysicalDeviceProperties device)
    {
        fixed (byte* uuid = device.PipelineCacheUuid)
        {
            return data.Length >= VulkanHeaderSize
                && BinaryPrimitives.ReadUInt32LittleEndian(data) >= VulkanHeaderSize
                && BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) == (uint)PipelineCacheHeaderVersion.One
                && BinaryPrimitives.ReadUInt32LittleEndian(data[8..]) == device.VendorID
                && BinaryPrimitives.ReadUInt32LittleEndian(data[12..]) == device.DeviceID
                && data[16..VulkanHeaderSize].SequenceEqual(new ReadOnlySpan<byte>(uuid, (int)Vk.UuidSize));
        }
    }
}
