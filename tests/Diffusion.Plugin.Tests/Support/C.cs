using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>The exports as a C program sees them: through pointers to functions.</summary>
internal static unsafe class C
{
    public static ResultCode Create(NativeCreateInfo* info, ulong* runtime)
        => ((delegate* unmanaged[Cdecl]<NativeCreateInfo*, ulong*, ResultCode>)&Exports.Create)(info, runtime);

    public static ResultCode Destroy(ulong runtime)
        => ((delegate* unmanaged[Cdecl]<ulong, ResultCode>)&Exports.Destroy)(runtime);

    public static ResultCode AttachThread(ulong runtime)
        => ((delegate* unmanaged[Cdecl]<ulong, ResultCode>)&Exports.AttachThread)(runtime);

    public static ResultCode LoadModel(ulong runtime, NativeModel* model)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeModel*, ResultCode>)&Exports.LoadModel)(runtime, model);

    public static ResultCode GetModelInfo(ulong runtime, NativeModelInfo* info)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeModelInfo*, ResultCode>)&Exports.GetModelInfo)(runtime, info);

    public static ResultCode GetClassName(ulong runtime, int label, byte* text, uint size)
        => ((delegate* unmanaged[Cdecl]<ulong, int, byte*, uint, ResultCode>)&Exports.GetClassName)(
            runtime, label, text, size);

    public static ResultCode GetVulkanRequirements(NativeVulkanRequirements* requirements)
        => ((delegate* unmanaged[Cdecl]<NativeVulkanRequirements*, ResultCode>)&Exports.GetVulkanRequirements)(
            requirements);

    public static ResultCode Submit(ulong runtime, NativeRequest* request, ulong* texture)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeRequest*, ulong*, ResultCode>)&Exports.Submit)(
            runtime, request, texture);

    public static ResultCode Retarget(ulong runtime, ulong texture, NativeRequest* request)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, NativeRequest*, ResultCode>)&Exports.Retarget)(
            runtime, texture, request);

    public static ResultCode Pause(ulong runtime, ulong texture)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.Pause)(runtime, texture);

    public static ResultCode Resume(ulong runtime, ulong texture)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.Resume)(runtime, texture);

    public static ResultCode Cancel(ulong runtime, ulong texture)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.Cancel)(runtime, texture);

    public static ResultCode Release(ulong runtime, ulong texture)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.Release)(runtime, texture);

    public static ResultCode GetProgress(ulong runtime, ulong texture, NativeProgress* progress)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, NativeProgress*, ResultCode>)&Exports.GetProgress)(
            runtime, texture, progress);

    public static ResultCode Tick(ulong runtime, double budgetMs, NativeTickReport* report)
        => ((delegate* unmanaged[Cdecl]<ulong, double, NativeTickReport*, ResultCode>)&Exports.Tick)(
            runtime, budgetMs, report);

    public static ResultCode GetLatest(ulong runtime, ulong texture, NativeImage* image)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, NativeImage*, ResultCode>)&Exports.GetLatest)(
            runtime, texture, image);

    public static ResultCode ReleaseAfter(ulong runtime, NativeImage* image, ulong semaphore, ulong value)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeImage*, ulong, ulong, ResultCode>)&Exports.ReleaseAfter)(
            runtime, image, semaphore, value);

    public static ResultCode ReadPixels(ulong runtime, ulong texture, NativePixels* pixels)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, NativePixels*, ResultCode>)&Exports.ReadPixels)(
            runtime, texture, pixels);

    public static ResultCode GetStatistics(ulong runtime, NativeStatistics* statistics)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeStatistics*, ResultCode>)&Exports.GetStatistics)(
            runtime, statistics);

    public static ResultCode CreateSurface(ulong runtime, NativeSurfaceSettings* settings, ulong* surface)
        => ((delegate* unmanaged[Cdecl]<ulong, NativeSurfaceSettings*, ulong*, ResultCode>)&Exports.CreateSurface)(
            runtime, settings, surface);

    public static ResultCode DestroySurface(ulong runtime, ulong surface)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.DestroySurface)(runtime, surface);

    public static ResultCode WantTile(ulong runtime, ulong surface, int x, int y)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, int, int, ResultCode>)&Exports.WantTile)(
            runtime, surface, x, y);

    public static ResultCode ReleaseTile(ulong runtime, ulong surface, int x, int y)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, int, int, ResultCode>)&Exports.ReleaseTile)(
            runtime, surface, x, y);

    public static ResultCode UpdateSurface(ulong runtime, ulong surface)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, ResultCode>)&Exports.UpdateSurface)(runtime, surface);

    public static ResultCode GetTile(ulong runtime, ulong surface, int x, int y, NativeTile* tile)
        => ((delegate* unmanaged[Cdecl]<ulong, ulong, int, int, NativeTile*, ResultCode>)&Exports.GetTile)(
            runtime, surface, x, y, tile);

    public static string LastError()
    {
        var get = (delegate* unmanaged[Cdecl]<byte*, uint, uint>)&Exports.GetLastError;
        var text = new byte[get(null, 0)];
        fixed (byte* first = text)
        {
            Assert.Equal((uint)text.Length, get(first, (uint)text.Length));
            return System.Text.Encoding.UTF8.GetString(text, 0, text.Length - 1);
        }
    }

    /// <summary>As DIFFUSION_INIT does.</summary>
    public static T Init<T>()
        where T : unmanaged
    {
        T value = default;
        *(StructHeader*)&value = new StructHeader
        {
            StructSize = (uint)sizeof(T),
            StructVersion = StructCopy.Version,
        };
        return value;
    }
}
