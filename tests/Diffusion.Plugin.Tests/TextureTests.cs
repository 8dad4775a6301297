using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

public sealed unsafe class TextureTests
{
    private const uint Running = 0;
    private const uint Paused = 1;
    private const uint Completed = 3;
    private const uint Cancelled = 4;
    private const uint Failed = 5;

    [SkippableFact]
    public void ReadPixels_FinishedTexture_IsTheNetworksCleanEstimate()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request(label: 7, size: 24));
        host.Finish(texture);
        var bytes = new byte[24 * 24 * 4];
        fixed (byte* data = bytes)
        {
            NativePixels pixels = C.Init<NativePixels>();
            pixels.Data = data;
            pixels.DataSize = (ulong)bytes.Length;
            Host.Check(C.ReadPixels(host.Runtime, texture, &pixels));
            Assert.Equal(3, pixels.Step);
            Assert.Equal(0, pixels.Sigma);
            Assert.Equal(host.Progress(texture).Generation, pixels.Generation);

            // The generation that came out asks for something newer, which there is not.
            Assert.Equal(ResultCode.NotReady, C.ReadPixels(host.Runtime, texture, &pixels));
        }

        byte expected = TestBackend.CleanByte(7);
        Assert.All(Enumerable.Range(0, 24 * 24), i =>
            Assert.Equal([expected, expected, expected, 255], bytes.AsSpan(i * 4, 4).ToArray()));
    }

    [SkippableFact]
    public void ReadPixels_RowPitch_LeavesTheGapsAlone()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request(label: 2, size: 8));
        host.Finish(texture);
        var bytes = new byte[(7 * 40) + 32];
        Array.Fill(bytes, (byte)1);
        fixed (byte* data = bytes)
        {
            NativePixels pixels = C.Init<NativePixels>();
            pixels.Data = data;
            pixels.DataSize = (ulong)bytes.Length;
            pixels.RowPitch = 40;
            Host.Check(C.ReadPixels(host.Runtime, texture, &pixels));
            pixels.Generation = 0;
            pixels.DataSize--;
            Assert.Equal(ResultCode.ErrorInvalidArgument, C.ReadPixels(host.Runtime, texture, &pixels));
            pixels.DataSize++;
            pixels.RowPitch = 31;
            Assert.Equal(ResultCode.ErrorInvalidArgument, C.ReadPixels(host.Runtime, texture, &pixels));
        }

        byte expected = TestBackend.CleanByte(2);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte wanted = i % 40 >= 32 ? (byte)1 : i % 4 == 3 ? (byte)255 : expected;
            Assert.True(wanted == bytes[i], $"byte {i} is {bytes[i]}, not {wanted}");
        }
    }

    [SkippableFact]
    public void Submit_Image_StartsFromIt()
    {
        using var host = new Host();
        NativeRequest request = Host.Request(label: 0, size: 8, steps: 10);
        var image = new float[3 * 8 * 8];
        Array.Fill(image, 0.5f);
        ulong texture;
        fixed (float* first = image)
        {
            request.Image = first;
            request.Strength = 0.1;
            Host.Check(C.Submit(host.Runtime, &request, &texture));
        }

        // It was copied: what the host does to its memory afterwards does not matter.
        Array.Fill(image, float.NaN);
        NativeTickReport report = host.Tick(0);
        Assert.Equal(0, report.SlicesRun);
        host.Finish(texture);
        NativeProgress progress = host.Progress(texture);
        Assert.Equal(Completed, progress.Status);
        Assert.Equal(1, progress.StepCount);
    }

    [SkippableFact]
    public void Retarget_FinishedTexture_TurnsIntoTheOtherClass()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request(label: 1));
        host.Finish(texture);
        NativeRequest goal = Host.Request(label: 9);
        Host.Check(C.Retarget(host.Runtime, texture, &goal));
        host.Finish(texture);
        Assert.Equal(TestBackend.CleanByte(9), FirstByte(host, texture));
    }

    [SkippableFact]
    public void Pause_TextureInWork_StandsStillUntilResumedAndEndsAsTheOther()
    {
        using var host = new Host();
        TestBackend.SampleShare = 0.1f;
        try
        {
            ulong whole = host.Submit(Host.Request());
            host.Finish(whole);
            ulong texture = host.Submit(Host.Request());
            host.Tick(0.001);
            host.Tick(0.001);
            Host.Check(C.Pause(host.Runtime, texture));
            Host.Check(C.Pause(host.Runtime, texture));
            Assert.Equal(Paused, host.Progress(texture).Status);
            NativeTickReport idle = host.Tick();
            Assert.Equal((0, 0u), (idle.SlicesRun, idle.Stop));
            Host.Check(C.Resume(host.Runtime, texture));
            Host.Check(C.Resume(host.Runtime, texture));
            Assert.Equal(Running, host.Progress(texture).Status);
            host.Finish(texture);
            Assert.Equal(Completed, host.Progress(texture).Status);
            Assert.Equal(Pixels(host, whole), Pixels(host, texture));
        }
        finally
        {
            TestBackend.SampleShare = 0;
        }
    }

    [SkippableFact]
    public void Pause_OneOfTwo_TheOtherGoesOn()
    {
        using var host = new Host();
        ulong paused = host.Submit(Host.Request());
        ulong other = host.Submit(Host.Request());
        Host.Check(C.Pause(host.Runtime, paused));
        host.Finish(other);
        Assert.Equal(Completed, host.Progress(other).Status);
        Assert.Equal(0, host.Progress(paused).Step);

        // It is turned elsewhere where it stands, and cancelled.
        NativeRequest goal = Host.Request(label: 5);
        Host.Check(C.Retarget(host.Runtime, paused, &goal));
        Assert.Equal(Paused, host.Progress(paused).Status);
        Host.Check(C.Cancel(host.Runtime, paused));
        Host.Check(C.Resume(host.Runtime, paused));
        Assert.Equal(Cancelled, host.Progress(paused).Status);
    }

    [SkippableFact]
    public void Pause_EndedTexture_StaysEnded()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request());
        host.Finish(texture);
        Host.Check(C.Pause(host.Runtime, texture));
        Host.Check(C.Resume(host.Runtime, texture));
        Assert.Equal(Completed, host.Progress(texture).Status);
    }

    [SkippableFact]
    public void Cancel_KeepsTheLastImage()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request(steps: 1000));
        host.Tick(0.01);
        Host.Check(C.Cancel(host.Runtime, texture));
        Host.Check(C.Cancel(host.Runtime, texture));
        Assert.Equal(Cancelled, host.Progress(texture).Status);
        Assert.Equal(0, host.Tick().SlicesRun);
        FirstByte(host, texture);
    }

    [SkippableFact]
    public void Tick_FailingTexture_FailsAloneWithAReason()
    {
        using var host = new Host();
        ulong bad = host.Submit(Host.Request());
        ulong good = host.Submit(Host.Request(label: 4));
        TestBackend.Failure = new InvalidOperationException("The boiler burst; größer als gedacht.");
        host.Finish(bad);
        host.Finish(good);
        ulong failed = host.Progress(bad).Status == Failed ? bad : good;
        NativeProgress progress = host.Progress(failed);
        Assert.Equal(Failed, progress.Status);
        string reason = System.Text.Encoding.UTF8.GetString(
            System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(progress.Failure));
        Assert.Contains("größer", reason, StringComparison.Ordinal);
        Assert.Equal(Completed, host.Progress(failed == bad ? good : bad).Status);
        Assert.Equal(1u, host.Statistics().TexturesFailed);
    }

    [SkippableFact]
    public void Tick_Warm_AllocatesNoManagedMemory()
    {
        using var host = new Host();

        // Large enough that a tick fits one step at most, and the texture is at work throughout.
        ulong texture = host.Submit(Host.Request(size: 256, steps: 1000));
        for (int i = 0; i < 50; i++)
        {
            host.Tick(0.05);
        }

        ulong before = host.Statistics().TickAllocatedBytes;
        for (int i = 0; i < 200; i++)
        {
            host.Tick(0.05);
        }

        Assert.Equal(0u, host.Progress(texture).Status);
        Assert.Equal(before, host.Statistics().TickAllocatedBytes);
    }

    [SkippableFact]
    public void Tick_Report_AddsUpToTheStatistics()
    {
        using var host = new Host();
        ulong texture = host.Submit(Host.Request(steps: 5));
        int slices = 0;
        int steps = 0;
        int ticks = 0;
        while (host.Progress(texture).Status == 0)
        {
            NativeTickReport report = host.Tick();
            slices += report.SlicesRun;
            steps += report.StepsCompleted;
            ticks++;
            Assert.Equal(1000, report.BudgetMs);
        }

        NativeStatistics sums = host.Statistics();
        Assert.Equal((ulong)ticks, sums.Ticks);
        Assert.Equal((ulong)slices, sums.Slices);
        Assert.Equal((ulong)steps, sums.Steps);
        Assert.Equal(5u, sums.Steps);
        Assert.Equal(1u, sums.TexturesSubmitted);
        Assert.Equal(1u, sums.TexturesCompleted);
        Assert.Equal(1u, sums.TexturesLive);
    }

    [SkippableFact]
    public void GetModelInfo_ShippedModel_NamesItsClasses()
    {
        using var host = new Host();
        NativeModelInfo info = C.Init<NativeModelInfo>();
        Host.Check(C.GetModelInfo(host.Runtime, &info));
        Assert.Equal(12, info.ClassCount);
        Assert.Equal(64, info.SampleSize);
        Assert.Equal(1u, info.HasGuidance);
        byte* name = stackalloc byte[4];
        Host.Check(C.GetClassName(host.Runtime, 3, name, 4));
        Assert.Equal("gra", System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)name));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetClassName(host.Runtime, 12, name, 4));
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.GetClassName(host.Runtime, -1, name, 4));
    }

    [SkippableFact]
    public void LoadModel_Again_ReplacesTheBackendUnlessTexturesLive()
    {
        using (var host = new Host())
        {
            int live = TestBackend.Live;
            ulong texture = host.Submit(Host.Request());
            Assert.Equal(ResultCode.ErrorInvalidState, host.LoadModel(Repository.Model));
            Host.Check(C.Release(host.Runtime, texture));
            Host.Check(host.LoadModel(Repository.Model));
            Assert.Equal(live, TestBackend.Live);
            Assert.Equal(ResultCode.ErrorModel, host.LoadModel(Path.Combine(Repository.Root, "no-such-model")));
            Assert.Contains("no-such-model", C.LastError(), StringComparison.Ordinal);

            // A model that cannot be read leaves the present one in place.
            host.Finish(host.Submit(Host.Request()));
        }

        Assert.Equal(0, TestBackend.Live);
    }

    internal static byte FirstByte(Host host, ulong texture) => Pixels(host, texture)[0];

    internal static byte[] Pixels(Host host, ulong texture, int size = 32)
    {
        var bytes = new byte[size * size * 4];
        fixed (byte* data = bytes)
        {
            NativePixels pixels = C.Init<NativePixels>();
            pixels.Data = data;
            pixels.DataSize = (ulong)bytes.Length;
            Host.Check(C.ReadPixels(host.Runtime, texture, &pixels));
        }

        return bytes;
    }
}
