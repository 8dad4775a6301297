using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin;

/// <content>The functions on surfaces and tiles.</content>
internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "diffusion_create_surface", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode CreateSurface(ulong runtime, NativeSurfaceSettings* settings, ulong* surface)
    {
        try
        {
            return Api.CreateSurface(runtime, settings, surface);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_destroy_surface", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode DestroySurface(ulong runtime, ulong surface)
    {
        try
        {
            return Api.DestroySurface(runtime, surface);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_want_tile", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode WantTile(ulong runtime, ulong surface, int x, int y)
    {
        try
        {
            return Api.WantTile(runtime, surface, x, y);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_release_tile", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode ReleaseTile(ulong runtime, ulong surface, int x, int y)
    {
        try
        {
            return Api.ReleaseTile(runtime, surface, x, y);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_update_surface", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode UpdateSurface(ulong runtime, ulong surface)
    {
        try
        {
            return Api.UpdateSurface(runtime, surface);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "diffusion_get_tile", CallConvs = [typeof(CallConvCdecl)])]
    public static ResultCode GetTile(ulong runtime, ulong surface, int x, int y, NativeTile* tile)
    {
        try
        {
            return Api.GetTile(runtime, surface, x, y, tile);
        }
        catch (Exception error)
        {
            return Failure.Note(error);
        }
    }
}
