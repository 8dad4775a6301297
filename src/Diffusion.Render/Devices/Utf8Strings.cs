using System.Runtime.InteropServices;

namespace Diffusion.Render.Devices;

/// <summary>An array of zero-terminated strings for a Vulkan create structure, freed on dispose.</summary>
internal sealed unsafe class Utf8Strings : IDisposable
{
    private readonly nint[] _strings;
    private byte** _pointers;

    public Utf8Strings(IReadOnlyList<string> strings)
    {
        _strings = [.. strings.Select(Marshal.StringToCoTaskMemUTF8)];
        _pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_strings.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < _strings.Length; i++)
        {
            _pointers[i] = (byte*)_strings[i];
        }
    }

    public uint Count => (uint)_strings.Length;

    public byte** Pointers => _pointers;

    public byte* First => _pointers[0];

    public void Dispose()
    {
        if (_pointers is not null)
        {
            foreach (nint text in _strings)
            {
                Marshal.FreeCoTaskMem(text);
            }

            NativeMemory.Free(_pointers);
            _pointers = null;
        }
    }
}
