using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies an ELF library, marking one symbol-version need as weak where this machine's libstdc++ lacks it.
/// </summary>
/// <remarks>
/// libLibTorchSharp.so 0.107.0 asks for GLIBCXX_3.4.32 (GCC 13); Debian 12 ends at 3.4.30, so the loader refuses the
/// file. The only symbol of that version, std::ios_base_library_init, has no relocation: nothing ever calls it, and
/// with the need marked weak (VER_FLG_WEAK in .gnu.version_r) the library loads and runs. Reads the package, writes
/// only the copy, and renames it into place, so that a reader never sees half a file and the package cache stays as it
/// was.
/// </remarks>
public sealed class WeakenVersionNeed : Task
{
    private const uint SectionVersionNeed = 0x6ffffffe;
    private const ushort Weak = 2;
    private const int LoadNow = 2;

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    [Required]
    public string Version { get; set; }

    /// <summary>A symbol of that version: when libstdc++ exports it, the file is copied as it is.</summary>
    [Required]
    public string ProbeSymbol { get; set; }

    public override bool Execute()
    {
        byte[] image = File.ReadAllBytes(Source);
        if (!HostHasSymbol())
        {
            int marked = MarkWeak(image);
            Log.LogMessage(MessageImportance.Low, "{0}: {1} need(s) of {2} marked weak", Destination, marked, Version);
        }

        string temporary = Destination + "." + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, image);
        File.Delete(Destination);
        File.Move(temporary, Destination);
        return true;
    }

    [DllImport("libdl.so.2", EntryPoint = "dlopen")]
    private static extern IntPtr Open(string name, int flags);

    [DllImport("libdl.so.2", EntryPoint = "dlsym")]
    private static extern IntPtr Symbol(IntPtr library, string name);

    private bool HostHasSymbol()
    {
        IntPtr library = Open("libstdc++.so.6", LoadNow);
        return library != IntPtr.Zero && Symbol(library, ProbeSymbol) != IntPtr.Zero;
    }

    /// <summary>
    /// Walks section headers to .gnu.version_r, then its Verneed and Vernaux records (64-bit little-endian ELF).
    /// </summary>
    private int MarkWeak(byte[] image)
    {
        if (image.Length < 64 || BitConverter.ToUInt32(image, 0) != 0x464c457f || image[4] != 2)
        {
            throw new InvalidDataException(Source + " is not a 64-bit ELF file.");
        }

        long sections = BitConverter.ToInt64(image, 0x28);
        int headerSize = BitConverter.ToUInt16(image, 0x3a);
        int headerCount = BitConverter.ToUInt16(image, 0x3c);
        int marked = 0;
        for (int i = 0; i < headerCount; i++)
        {
            int header = checked((int)(sections + ((long)i * headerSize)));
            if (BitConverter.ToUInt32(image, header + 4) != SectionVersionNeed)
            {
                continue;
            }

            int strings = checked((int)(sections + (BitConverter.ToUInt32(image, header + 40) * (long)headerSize)));
            int stringTable = checked((int)BitConverter.ToInt64(image, strings + 24));
            int need = checked((int)BitConverter.ToInt64(image, header + 24));
            for (int next = 1; next != 0; need += next)
            {
                int auxiliary = need + BitConverter.ToInt32(image, need + 8);
                for (int step = 1; step != 0; auxiliary += step)
                {
                    if (ReadString(image, stringTable + BitConverter.ToInt32(image, auxiliary + 8)) == Version)
                    {
                        image[auxiliary + 4] |= (byte)Weak;
                        marked++;
                    }

                    step = BitConverter.ToInt32(image, auxiliary + 12);
                }

                next = BitConverter.ToInt32(image, need + 12);
            }
        }

        return marked;
    }

    private static string ReadString(byte[] image, int offset)
    {
        int end = Array.IndexOf(image, (byte)0, offset);
        return Encoding.ASCII.GetString(image, offset, end - offset);
    }
}
