using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin;

/// <content>The functions on textures and images, and the frame.</content>
internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "diffusion_submit", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Submit(ulong runtime, NativeRequest* request, ulong* texture)
    {
        try
        {
            return Api.Submit(runtime, request, texture);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_retarget", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Retarget(ulong runtime, ulong texture, NativeRequest* request)
    {
        try
        {
            return Api.Retarget(runtime, texture, request);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_pause", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Pause(ulong runtime, ulong texture)
    {
        try
        {
            return Api.Pause(runtime, texture);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_resume", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Resume(ulong runtime, ulong texture)
    {
        try
        {
            return Api.Resume(runtime, texture);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_cancel", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Cancel(ulong runtime, ulong texture)
    {
        try
        {
            return Api.Cancel(runtime, texture);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_release", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Release(ulong runtime, ulong texture)
    {
        try
        {
            return Api.Release(runtime, texture);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_progress", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetProgress(ulong runtime, ulong texture, NativeProgress* progress)
    {
        try
        {
            return Api.GetProgress(runtime, texture, progress);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_tick", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode Tick(ulong runtime, double budgetMs, NativeTickReport* report)
    {
        try
        {
            return Api.Tick(runtime, budgetMs, report);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_latest", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetLatest(ulong runtime, ulong texture, NativeImage* image)
    {
        try
        {
            return Api.GetLatest(runtime, texture, image);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_release_after", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode ReleaseAfter(ulong runtime, NativeImage* image, ulong semaphore, ulong value)
    {
        try
        {
            return Api.ReleaseAfter(runtime, image, semaphore, value);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_read_pixels", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode ReadPixels(ulong runtime, ulong texture, NativePixels* pixels)
    {
        try
        {
            return Api.ReadPixels(runtime, texture, pixels);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }
}
