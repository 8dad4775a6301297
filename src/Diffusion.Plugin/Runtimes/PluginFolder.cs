using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Finds the folder that this library lies in; .NET knows only that of the host's program.</summary>
internal static unsafe partial class PluginFolder
{
    private const uint FromAddress = 0x4;
    private const uint UnchangedCount = 0x2;
    private const int LongestPath = 32_767;

    /// <summary>The folder, or null where there is none, as within a managed program.</summary>
    public static string? Find()
    {
        // A function of this library's own.
        void* address = (delegate* unmanaged[Cdecl]<uint>)&Exports.GetVersion;
        return Path.GetDirectoryName(OperatingSystem.IsWindows() ? FindOnWindows(address) : FindElsewhere(address));
    }

    private static string? FindElsewhere(void* address)
    {
        LibraryInfo info;
        return FindLibrary(address, &info) != 0 ? Marshal.PtrToStringUTF8((nint)info.FileName) : null;
    }

    private static string? FindOnWindows(void* address)
    {
        nint module;
        if (!GetModuleHandle(FromAddress | UnchangedCount, address, &module))
        {
            return null;
        }

        char[] path = new char[LongestPath];
        fixed (char* first = path)
        {
            return new string(first, 0, (int)GetModuleFileName(module, first, LongestPath));
        }
    }

    // POSIX's dladdr and its Dl_info.
    [LibraryImport("libc", EntryPoint = "dladdr")]
    private static partial int FindLibrary(void* address, LibraryInfo* info);

    [LibraryImport("kernel32", EntryPoint = "GetModuleHandleExW")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetModuleHandle(uint flags, void* address, nint* module);

    [LibraryImport("kernel32", EntryPoint = "GetModuleFileNameW")]
    private static partial uint GetModuleFileName(nint module, char* path, uint size);

    private struct LibraryInfo
    {
        public byte* FileName;
        public void* Base;
        public byte* SymbolName;
        public void* SymbolAddress;
    }
}
