using System.Text;
using Diffusion.Plugin.Abi;

namespace Diffusion.Plugin.Runtimes;

/// <summary>The host's log callback.</summary>
/// <param name="callback">Null for none.</param>
/// <param name="user">Handed back to it.</param>
internal sealed unsafe class HostLog(delegate* unmanaged[Cdecl]<void*, uint, byte*, void> callback, void* user)
{
    public void Write(LogLevel level, string text)
    {
        if (callback is null)
        {
            return;
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        fixed (byte* first = bytes)
        {
            callback(user, (uint)level, first);
        }
    }
}
