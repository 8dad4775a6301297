using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;

namespace Diffusion.Plugin;

/// <content>Surfaces and their tiles.</content>
internal static unsafe partial class Api
{
    public static ResultCode CreateSurface(ulong runtime, NativeSurfaceSettings* settings, ulong* surface)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        Require(surface, "surface");
        *surface = call.Runtime.CreateSurface(
            StructCopy.Read<NativeSurfaceSettings>(settings, "diffusion_surface_settings"));
        return ResultCode.Success;
    }

    public static ResultCode DestroySurface(ulong runtime, ulong surface)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.DestroySurface(surface);
        return ResultCode.Success;
    }

    public static ResultCode WantTile(ulong runtime, ulong surface, int x, int y)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.WantTile(surface, x, y);
        return ResultCode.Success;
    }

    public static ResultCode ReleaseTile(ulong runtime, ulong surface, int x, int y)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.ReleaseTile(surface, x, y);
        return ResultCode.Success;
    }

    public static ResultCode UpdateSurface(ulong runtime, ulong surface)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        return call.Runtime.UpdateSurface(surface) ? ResultCode.NotReady : ResultCode.Success;
    }

    public static ResultCode GetTile(ulong runtime, ulong surface, int x, int y, NativeTile* tile)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        StructCopy.Check<NativeTile>(tile, "diffusion_tile");
        StructCopy.Write(call.Runtime.GetTile(surface, x, y), tile);
        return ResultCode.Success;
    }
}
