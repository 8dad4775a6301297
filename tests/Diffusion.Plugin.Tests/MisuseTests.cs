using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

public sealed unsafe partial class MisuseTests
{
    private static ulong _reentered;
    private static ResultCode _reentry;

    [SkippableFact]
    public void EveryVerb_DestroyedRuntime_IsAnInvalidHandle()
    {
        var host = new Host();
        ulong texture = host.Submit(Host.Request());
        ulong runtime = host.Runtime;
        host.Dispose();
        AssertAllReturn(ResultCode.ErrorInvalidHandle, runtime, texture);
        Assert.Contains("destroyed", C.LastError(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0x1_0000_0041UL)]
    public void EveryVerb_MadeUpRuntime_IsAnInvalidHandle(ulong runtime) =>
        AssertAllReturn(ResultCode.ErrorInvalidHandle, runtime, 1);

    [SkippableFact]
    public void EveryVerb_OtherThread_IsRefusedUntilAttached()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request());
        OnThread(() =>
        {
            AssertAllReturn(ResultCode.ErrorWrongThread, host.Runtime, texture, withoutAttach: true);
            Host.Check(C.AttachThread(host.Runtime));
            host.Finish(texture);
        });

        // It stayed with the other thread, which has ended.
        Assert.Equal(ResultCode.ErrorWrongThread, C.Cancel(host.Runtime, texture));
        Host.Check(C.AttachThread(host.Runtime));
        Host.Check(C.Cancel(host.Runtime, texture));
    }

    [SkippableFact]
    public void Destroy_OldHandleAfterNewRuntime_DoesNotTouchIt()
    {
        var first = new Host();
        ulong old = first.Runtime;
        first.Dispose();
        using var second = new Host();
        Assert.NotEqual(old, second.Runtime);
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.Destroy(old));
        second.Tick();
    }

    [SkippableFact]
    public void Texture_ReleasedOrForeign_IsAnInvalidHandle()
    {
        using var host = new Host();
        using var other = new Host();
        ulong texture = host.Submit(Host.Request());
        ulong foreign = other.Submit(Host.Request());
        Assert.NotEqual(texture, foreign);
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.Cancel(host.Runtime, foreign));
        Host.Check(C.Release(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.Release(host.Runtime, texture));
        ulong next = host.Submit(Host.Request());
        Assert.NotEqual(texture, next);
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.Cancel(host.Runtime, texture));
        foreach (ulong madeUp in (ulong[])[0, 1, next + 1, next ^ (1UL << 63), ulong.MaxValue])
        {
            Assert.Equal(ResultCode.ErrorInvalidHandle, C.Cancel(host.Runtime, madeUp));
        }
    }

    [SkippableFact]
    public void EveryVerb_NullPointer_IsAnInvalidArgument()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request());
        NativeRequest request = Host.Request();
        ulong runtime;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetVulkanRequirements(null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(null, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.LoadModel(host.Runtime, null));
        NativeModel model = C.Init<NativeModel>();
        Assert.Equal(ResultCode.ErrorInvalidState, C.LoadModel(host.Runtime, &model));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetModelInfo(host.Runtime, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetClassName(host.Runtime, 0, null, 10));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetClassName(host.Runtime, 0, (byte*)&runtime, 0));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, null, &texture));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, &request, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Retarget(host.Runtime, texture, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetProgress(host.Runtime, texture, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetLatest(host.Runtime, texture, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.ReleaseAfter(host.Runtime, null, 0, 0));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.ReadPixels(host.Runtime, texture, null));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetStatistics(host.Runtime, null));
        NativePixels pixels = C.Init<NativePixels>();
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.ReadPixels(host.Runtime, texture, &pixels));

        // A report is not asked for by everyone.
        Host.Check(C.Tick(host.Runtime, 1, null));
    }

    [SkippableTheory]
    [InlineData(double.NaN)]
    [InlineData(-1.0)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(60_001.0)]
    public void Tick_BudgetOutOfRange_IsAnInvalidArgument(double budgetMs)
    {
        using var host = new Host();
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Tick(host.Runtime, budgetMs, null));
        Assert.Contains("budget_ms", C.LastError(), StringComparison.Ordinal);
        Assert.Equal(0u, host.Statistics().Ticks);
    }

    [SkippableFact]
    public void Verbs_WithoutModel_SayWhatIsMissing()
    {
        using var host = new Host(loadsModel: false);
        NativeRequest request = Host.Request();
        NativeModelInfo info = C.Init<NativeModelInfo>();
        ulong texture;
        Assert.Equal(ResultCode.ErrorInvalidState, C.Submit(host.Runtime, &request, &texture));
        Assert.Contains("diffusion_load_model", C.LastError(), StringComparison.Ordinal);
        Assert.Equal(ResultCode.ErrorInvalidState, C.GetModelInfo(host.Runtime, &info));
        Assert.Equal(0, host.Tick().SlicesRun);
    }

    [SkippableFact]
    public void Callback_CallsItsRuntime_IsBusy()
    {
        using var host = new Host(loadsModel: false);
        NativeCreateInfo info = C.Init<NativeCreateInfo>();
        info.Log = &Reenter;
        ulong runtime;
        Host.Check(C.Create(&info, &runtime));
        try
        {
            _reentered = runtime;
            fixed (byte* path = Host.Text(Repository.Model))
            {
                NativeModel model = C.Init<NativeModel>();
                model.Path = path;
                Host.Check(C.LoadModel(runtime, &model));
            }

            Assert.Equal(ResultCode.ErrorBusy, _reentry);
        }
        finally
        {
            _reentered = 0;
            Host.Check(C.Destroy(runtime));
        }
    }

    [SkippableFact]
    public void Create_TableFull_IsALimit()
    {
        using var first = new Host(loadsModel: false);
        List<ulong> others = [];
        ulong runtime;
        ResultCode result;
        while ((result = C.Create(null, &runtime)) == ResultCode.Success)
        {
            others.Add(runtime);
        }

        Assert.Equal(ResultCode.ErrorLimit, result);
        Assert.Equal(63, others.Count);
        others.ForEach(other => Host.Check(C.Destroy(other)));
    }

    [Fact]
    public void Create_WrongInfo_IsAnInvalidArgument()
    {
        ulong runtime = 5;
        NativeCreateInfo info = C.Init<NativeCreateInfo>();
        info.Flags = 8;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(&info, &runtime));
        info.Flags = 0;
        info.CostQuantile = 1.5;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(&info, &runtime));
        info.CostQuantile = 0;
        fixed (byte* name = Host.Text("abacus"))
        {
            info.Backend = name;
            Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(&info, &runtime));
            Assert.Contains("compute or onnx, not 'abacus'", C.LastError(), StringComparison.Ordinal);
        }

        info.Backend = null;
        NativeVulkanHost host = C.Init<NativeVulkanHost>();
        info.Vulkan = &host;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(&info, &runtime));
        Assert.Contains("null handle", C.LastError(), StringComparison.Ordinal);
        Assert.Equal(5u, runtime);
    }

    [SkippableFact]
    public void GetLatest_OwnDevice_IsAnInvalidState()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request());
        NativeImage image = C.Init<NativeImage>();
        Assert.Equal(ResultCode.ErrorInvalidState, C.GetLatest(host.Runtime, texture, &image));
    }

    private static void AssertAllReturn(ResultCode expected, ulong runtime, ulong texture, bool withoutAttach = false)
    {
        NativeModel model = C.Init<NativeModel>();
        NativeModelInfo info = C.Init<NativeModelInfo>();
        NativeRequest request = Host.Request();
        NativeProgress progress = C.Init<NativeProgress>();
        NativeTickReport report = C.Init<NativeTickReport>();
        NativeImage image = C.Init<NativeImage>();
        NativePixels pixels = C.Init<NativePixels>();
        NativeStatistics statistics = C.Init<NativeStatistics>();
        NativeSurfaceSettings settings = C.Init<NativeSurfaceSettings>();
        NativeTile tile = C.Init<NativeTile>();
        ulong made;
        byte letter;
        Assert.Equal(expected, C.LoadModel(runtime, &model));
        Assert.Equal(expected, C.GetModelInfo(runtime, &info));
        Assert.Equal(expected, C.GetClassName(runtime, 0, &letter, 1));
        Assert.Equal(expected, C.Submit(runtime, &request, &made));
        Assert.Equal(expected, C.Retarget(runtime, texture, &request));
        Assert.Equal(expected, C.Pause(runtime, texture));
        Assert.Equal(expected, C.Resume(runtime, texture));
        Assert.Equal(expected, C.Cancel(runtime, texture));
        Assert.Equal(expected, C.Release(runtime, texture));
        Assert.Equal(expected, C.GetProgress(runtime, texture, &progress));
        Assert.Equal(expected, C.Tick(runtime, 1, &report));
        Assert.Equal(expected, C.GetLatest(runtime, texture, &image));
        Assert.Equal(expected, C.ReleaseAfter(runtime, &image, 0, 0));
        Assert.Equal(expected, C.ReadPixels(runtime, texture, &pixels));
        Assert.Equal(expected, C.GetStatistics(runtime, &statistics));
        Assert.Equal(expected, C.CreateSurface(runtime, &settings, &made));
        Assert.Equal(expected, C.DestroySurface(runtime, texture));
        Assert.Equal(expected, C.WantTile(runtime, texture, 0, 0));
        Assert.Equal(expected, C.ReleaseTile(runtime, texture, 0, 0));
        Assert.Equal(expected, C.UpdateSurface(runtime, texture));
        Assert.Equal(expected, C.GetTile(runtime, texture, 0, 0, &tile));
        Assert.Equal(expected, C.Destroy(runtime));
        if (!withoutAttach)
        {
            Assert.Equal(expected, C.AttachThread(runtime));
        }
    }

    private static void OnThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Reenter(void* user, uint level, byte* text)
    {
        if (_reentered != 0)
        {
            _reentry = C.Destroy(_reentered);
        }
    }
}
