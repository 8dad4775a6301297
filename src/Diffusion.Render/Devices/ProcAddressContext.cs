using System.Runtime.InteropServices;
using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Vulkan's functions as an engine's vkGetInstanceProcAddr gives them, in place of the loader's.</summary>
/// <remarks>An engine may hook calls or have its loader linked in; asking the loader past it would split the
/// two.</remarks>
internal sealed unsafe class ProcAddressContext(nint getInstanceProcAddr, Instance instance) : INativeContext
{
    /// <summary>How to load the functions: by the engine's address, or by the loader where it is 0.</summary>
    public static Func<Vk> Loader(nint getInstanceProcAddr, Instance instance)
        => getInstanceProcAddr == 0 ? Vk.GetApi : () => new Vk(new ProcAddressContext(getInstanceProcAddr, instance));

    public nint GetProcAddress(string proc, int? slot = null)
        => TryGetProcAddress(proc, out nint address, slot) ? address : throw new EntryPointNotFoundException(proc);

    public bool TryGetProcAddress(string proc, out nint addr, int? slot = null)
    {
        if (proc == "vkGetInstanceProcAddr")
        {
            addr = getInstanceProcAddr;
            return true;
        }

        nint name = Marshal.StringToCoTaskMemUTF8(proc);
        addr = ((delegate* unmanaged<Instance, byte*, nint>)getInstanceProcAddr)(instance, (byte*)name);
        Marshal.FreeCoTaskMem(name);
        return addr != 0;
    }

    /// <summary>Nothing: the functions are the engine's.</summary>
    public void Dispose()
    {
    }
}
