using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;
using Diffusion.Runtime;

namespace Diffusion.Plugin;

/// <summary>The exports' work: checks pointers, finds the runtime, copies structs. Throws what exports catch.</summary>
internal static unsafe partial class Api
{
    public static ResultCode GetVulkanRequirements(NativeVulkanRequirements* requirements)
    {
        StructCopy.Check<NativeVulkanRequirements>(requirements, "diffusion_vulkan_requirements");
        StructCopy.Write(RequirementLists.Value, requirements);
        return ResultCode.Success;
    }

    public static ResultCode Create(NativeCreateInfo* info, ulong* runtime)
    {
        Require(runtime, "runtime");
        NativeCreateInfo given = info is null
            ? default
            : StructCopy.Read<NativeCreateInfo>(info, "diffusion_create_info");
        PluginRuntime created = PluginRuntime.Create(given);
        try
        {
            *runtime = RuntimeTable.Add(created);
            return ResultCode.Success;
        }
        catch
        {
            created.Dispose();
            throw;
        }
    }

    public static ResultCode Destroy(ulong runtime)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.DisposeRuntime();
        return ResultCode.Success;
    }

    public static ResultCode AttachThread(ulong runtime)
    {
        RuntimeTable.Attach(runtime);
        return ResultCode.Success;
    }

    public static ResultCode LoadModel(ulong runtime, NativeModel* model)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.LoadModel(StructCopy.Read<NativeModel>(model, "diffusion_model"));
        return ResultCode.Success;
    }

    public static ResultCode GetModelInfo(ulong runtime, NativeModelInfo* info)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        StructCopy.Check<NativeModelInfo>(info, "diffusion_model_info");
        StructCopy.Write(call.Runtime.GetModelInfo(), info);
        return ResultCode.Success;
    }

    public static ResultCode GetClassName(ulong runtime, int label, byte* text, uint size)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        Require(text, "text");
        if (size == 0)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, "size must be at least 1, not 0.");
        }

        string name = call.Runtime.GetClassName(label);
        Utf8Text.Copy(name, new Span<byte>(text, (int)Math.Min(size, Utf8Text.MaxBytes)));
        return ResultCode.Success;
    }

    public static ResultCode Submit(ulong runtime, NativeRequest* request, ulong* texture)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        Require(texture, "texture");
        *texture = call.Runtime.Submit(StructCopy.Read<NativeRequest>(request, "diffusion_request"));
        return ResultCode.Success;
    }

    public static ResultCode Retarget(ulong runtime, ulong texture, NativeRequest* request)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.Retarget(texture, StructCopy.Read<NativeRequest>(request, "diffusion_request"));
        return ResultCode.Success;
    }

    public static ResultCode Pause(ulong runtime, ulong texture)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.Pause(texture);
        return ResultCode.Success;
    }

    public static ResultCode Resume(ulong runtime, ulong texture)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.Resume(texture);
        return ResultCode.Success;
    }

    public static ResultCode Cancel(ulong runtime, ulong texture)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.Cancel(texture);
        return ResultCode.Success;
    }

    public static ResultCode Release(ulong runtime, ulong texture)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.Release(texture);
        return ResultCode.Success;
    }

    public static ResultCode GetProgress(ulong runtime, ulong texture, NativeProgress* progress)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        StructCopy.Check<NativeProgress>(progress, "diffusion_progress");
        TextureProgress now = call.Runtime.GetProgress(texture);
        var result = new NativeProgress
        {
            Status = (uint)now.Status,
            Step = now.Step,
            StepCount = now.StepCount,
            Alpha = now.Level.Alpha,
            Sigma = now.Level.Sigma,
            Generation = now.Generation,
        };
        if (now.FailureReason is { } reason)
        {
            Utf8Text.Copy(reason, new Span<byte>(result.Failure, NativeProgress.FailureLength));
        }

        StructCopy.Write(result, progress);
        return ResultCode.Success;
    }

    public static ResultCode Tick(ulong runtime, double budgetMs, NativeTickReport* report)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        if (report is not null)
        {
            StructCopy.Check<NativeTickReport>(report, "diffusion_tick_report");
        }

        NativeTickReport result = call.Runtime.Tick(budgetMs);
        if (report is not null)
        {
            StructCopy.Write(result, report);
        }

        return ResultCode.Success;
    }

    public static ResultCode GetLatest(ulong runtime, ulong texture, NativeImage* image)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        StructCopy.Check<NativeImage>(image, "diffusion_image");
        NativeImage result = default;
        if (!call.Runtime.TryGetLatest(texture, ref result))
        {
            return ResultCode.NotReady;
        }

        StructCopy.Write(result, image);
        return ResultCode.Success;
    }

    public static ResultCode ReleaseAfter(ulong runtime, NativeImage* image, ulong semaphore, ulong value)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        call.Runtime.ReleaseAfter(StructCopy.Read<NativeImage>(image, "diffusion_image"), semaphore, value);
        return ResultCode.Success;
    }

    public static ResultCode ReadPixels(ulong runtime, ulong texture, NativePixels* pixels)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        NativePixels given = StructCopy.Read<NativePixels>(pixels, "diffusion_pixels");
        if (!call.Runtime.TryReadPixels(texture, ref given))
        {
            return ResultCode.NotReady;
        }

        StructCopy.Write(given, pixels);
        return ResultCode.Success;
    }

    public static ResultCode GetStatistics(ulong runtime, NativeStatistics* statistics)
    {
        using RuntimeCall call = RuntimeTable.Enter(runtime);
        StructCopy.Check<NativeStatistics>(statistics, "diffusion_statistics");
        StructCopy.Write(call.Runtime.GetStatistics(), statistics);
        return ResultCode.Success;
    }

    private static void Require(void* pointer, string name)
    {
        if (pointer is null)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, $"{name} is null.");
        }
    }
}
