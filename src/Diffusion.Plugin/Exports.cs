using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin;

/// <summary>The functions of <c>include/diffusion.h</c> that make, load and end runtimes.</summary>
/// <remarks>
/// Each is one call of <see cref="Api"/> within a catch: an exception that crossed the boundary would end the host.
/// Nothing here uses stackalloc or a ref struct, which do not go with unmanaged callers under NativeAOT.
/// </remarks>
internal static unsafe partial class Exports
{
    private const uint Version = (0 << 22) | (6 << 12) | 0;

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_version", CallConvs = [typeof(CallConvCdecl)])]
    public static uint GetVersion() => Version;

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_last_error", CallConvs = [typeof(CallConvCdecl)])]
    public static uint GetLastError(byte* text, uint size)
    {
        try
        {
            return Failure.CopyLastText(text, size);
        }
        catch (Exception error)
        {
            Failure.Note(error);
            return 0;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_vulkan_requirements", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetVulkanRequirements(NativeVulkanRequirements* requirements)
    {
        try
        {
            return Api.GetVulkanRequirements(requirements);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_create", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Create(NativeCreateInfo* info, ulong* runtime)
    {
        try
        {
            return Api.Create(info, runtime);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_destroy", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Destroy(ulong runtime)
    {
        try
        {
            return Api.Destroy(runtime);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_attach_thread", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode AttachThread(ulong runtime)
    {
        try
        {
            return Api.AttachThread(runtime);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_load_model", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode LoadModel(ulong runtime, NativeModel* model)
    {
        try
        {
            return Api.LoadModel(runtime, model);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_model_info", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetModelInfo(ulong runtime, NativeModelInfo* info)
    {
        try
        {
            return Api.GetModelInfo(runtime, info);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_class_name", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetClassName(ulong runtime, int label, byte* text, uint size)
    {
        try
        {
            return Api.GetClassName(runtime, label, text, size);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_statistics", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetStatistics(ulong runtime, NativeStatistics* statistics)
    {
        try
        {
            return Api.GetStatistics(runtime, statistics);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }
}
