using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Tests;

/// <summary>The images that a host with its own Vulkan device borrows.</summary>
public sealed unsafe class ImageTests
{
    private const int Size = 32;

    [SkippableFact]
    public void GetVulkanRequirements_ListsWhatTheRendererAsks()
    {
        NativeVulkanRequirements needs = C.Init<NativeVulkanRequirements>();
        Host.Check(C.GetVulkanRequirements(&needs));
        Assert.Equal((uint)Vk.Version13, needs.ApiVersion);
        Assert.Equal((uint)VulkanRequirements.Queue, needs.QueueFlags);
        Assert.Equal(
            VulkanRequirements.Headless.OptionalDeviceExtensions,
            Utf8Text.ReadList(needs.OptionalDeviceExtensions, needs.OptionalDeviceExtensionCount, ""));
        string[] features = Utf8Text.ReadList(needs.Features, needs.FeatureCount, "");
        Assert.Contains("timelineSemaphore", features);
        Assert.Equal(VulkanRequirements.Headless.Features, FeatureNames.Parse(features));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void GetLatest_FinishedTexture_HasThePixelsOfReadPixels(bool takesOptional)
    {
        using EngineHost engine = CreateEngine(takesOptional);
        using (var host = new Host(engine))
        using (VulkanDevice reader = VulkanDevice.Adopt(engine.Lent))
        {
            ulong texture = host.Submit(Host.Request(label: 5, size: Size));
            NativeImage image = C.Init<NativeImage>();
            Assert.Equal(ResultCode.NotReady, C.GetLatest(host.Runtime, texture, &image));
            host.Finish(texture);
            ShowNewest(host, texture);
            Host.Check(C.GetLatest(host.Runtime, texture, &image));
            Assert.Equal((uint)Format.R8G8B8A8Srgb, image.Format);
            Assert.Equal((uint)ImageLayout.ShaderReadOnlyOptimal, image.Layout);
            Assert.Equal(6u, image.MipLevels);
            Assert.Equal(3, image.Step);
            Assert.Equal(0, image.Sigma);
            byte expected = TestBackend.CleanByte(5);
            Assert.Equal(
                [expected, expected, expected, 255],
                ImageReader.Read(reader, View(image), Size, Size).AsSpan(0, 4).ToArray());
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
            NativeStatistics sums = host.Statistics();
            Assert.Equal(
                takesOptional ? (uint)SharingKind.HostImport : (uint)SharingKind.Staging, sums.Sharing);
            Assert.True(sums.ImagesConverted >= 1);
            Assert.Equal(takesOptional, sums.BytesCopied == 0);
            Assert.True(engine.Lock.Entered > 0);
        }

        engine.AssertSilent();
    }

    [SkippableFact]
    public void ReleaseAfter_LoanTwice_IsAnInvalidHandle()
    {
        using EngineHost engine = CreateEngine();
        using var host = new Host(engine);
        ulong texture = host.Submit(Host.Request(size: Size));
        NativeImage image = Borrow(host, texture);
        NativeImage same = Borrow(host, texture);
        Assert.Equal(image.Image, same.Image);
        Assert.NotEqual(image.Loan, same.Loan);
        Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.ReleaseAfter(host.Runtime, &image, 0, 0));
        Host.Check(C.ReleaseAfter(host.Runtime, &same, 0, 0));
        NativeImage empty = C.Init<NativeImage>();
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.ReleaseAfter(host.Runtime, &empty, 0, 0));
        Host.Check(C.Release(host.Runtime, texture));
        Assert.Equal(ResultCode.ErrorInvalidHandle, C.ReleaseAfter(host.Runtime, &same, 0, 0));
    }

    [SkippableFact]
    public void GetLatest_LoansNeverGivenBack_EndInALimitAndKeepTheImage()
    {
        using EngineHost engine = CreateEngine();
        using var host = new Host(engine);
        ulong texture = host.Submit(Host.Request(size: Size));
        NativeImage image = Borrow(host, texture);
        for (int i = 1; i < 32; i++)
        {
            Borrow(host, texture);
        }

        Assert.Equal(ResultCode.ErrorLimit, C.GetLatest(host.Runtime, texture, &image));
    }

    [SkippableFact]
    public void Tick_ImagesOnLoan_AreNotWrittenUntilTheHostsTimelineIsReached()
    {
        using EngineHost engine = CreateEngine();
        Silk.NET.Vulkan.Semaphore frames = engine.CreateTimeline();
        using (var host = new Host(engine))
        {
            // A new image a tick: x_t of a chain that never ends.
            ulong texture = host.Submit(Host.Request(size: Size, steps: 1000));
            HashSet<ulong> held = [];
            List<NativeImage> loans = [];
            for (int i = 0; i < SharedTexture.ImageCount; i++)
            {
                NativeImage image = BorrowNext(host, texture, loans.Count == 0 ? 0 : loans[^1].Generation);
                Assert.True(held.Add(image.Image), "an image on loan was written again");
                loans.Add(image);
            }

            // All are on loan: the newest stays what it is.
            ulong newest = loans[^1].Generation;
            AssertStays(host, texture, newest);

            // Given back after frame 7, which the host has not reached.
            NativeImage first = loans[0];
            Host.Check(C.ReleaseAfter(host.Runtime, &first, frames.Handle, 7));
            AssertStays(host, texture, newest);
            engine.Submit(default, frames, 7);
            NativeImage next = BorrowNext(host, texture, newest);
            Assert.Equal(first.Image, next.Image);
        }

        engine.Destroy(frames);
        engine.AssertSilent();
    }

    [SkippableFact]
    public void Release_HostStillReads_KeepsTheImagesUntilItHasDone()
    {
        using EngineHost engine = CreateEngine();
        Silk.NET.Vulkan.Semaphore frames = engine.CreateTimeline();
        using (var host = new Host(engine))
        {
            ulong texture = host.Submit(Host.Request(size: Size));
            NativeImage image = Borrow(host, texture);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, frames.Handle, 3));
            Host.Check(C.Release(host.Runtime, texture));
            Assert.Equal(ResultCode.ErrorInvalidHandle, C.Cancel(host.Runtime, texture));
            Assert.Equal(0u, host.Statistics().TexturesLive);
            host.Tick();

            // The frame reads the image and ends; then the image goes, and the place is free again.
            engine.Submit(default, frames, 3);
            host.Tick();
            host.Finish(host.Submit(Host.Request(size: Size)));
        }

        engine.Destroy(frames);
        engine.AssertSilent();
    }

    [SkippableFact]
    public void Tick_AfterRelease_FreesWhatTheTextureHeld()
    {
        using EngineHost engine = CreateEngine();
        using (var host = new Host(engine))
        {
            ulong texture = host.Submit(Host.Request(size: Size));
            NativeImage image = Borrow(host, texture);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
            Host.Check(C.Release(host.Runtime, texture));
            Assert.True(CountRetired(host) > 0);

            // Nothing else is submitted: the ticks alone must see to it.
            for (int i = 0; i < 2000 && CountRetired(host) > 0; i++)
            {
                host.Tick(0);
                Thread.Sleep(1);
            }

            Assert.Equal(0, CountRetired(host));
        }

        engine.AssertSilent();
    }

    [SkippableFact]
    public void Create_EngineForgotAFeature_IsUnsupportedAndNamesIt()
    {
        using var engine = new EngineHost(takesOptional: false, leftOut: VulkanFeatures.Synchronization2);
        using var lent = new LentDevice(engine);
        NativeCreateInfo info = C.Init<NativeCreateInfo>();
        info.Vulkan = lent.Value;
        ulong runtime;
        Assert.Equal(ResultCode.ErrorUnsupported, C.Create(&info, &runtime));
        Assert.Contains("Synchronization2", C.LastError(), StringComparison.OrdinalIgnoreCase);
        lent.Value->UnlockQueue = null;
        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Create(&info, &runtime));
    }

    [SkippableFact]
    public void Tick_WarmWithImages_AllocatesNoManagedMemory()
    {
        using EngineHost engine = CreateEngine();
        Silk.NET.Vulkan.Semaphore frames = engine.CreateTimeline();
        using (var host = new Host(engine))
        {
            ulong texture = host.Submit(Host.Request(size: Size, steps: 1000));
            ulong generation = 0;
            for (int i = 0; i < 30; i++)
            {
                generation = Draw(host, engine, frames, texture, generation);
            }

            ulong before = host.Statistics().TickAllocatedBytes;
            ulong converted = host.Statistics().ImagesConverted;
            for (int i = 0; i < 30; i++)
            {
                generation = Draw(host, engine, frames, texture, generation);
            }

            Assert.Equal(0u, host.Progress(texture).Status);
            Assert.True(host.Statistics().ImagesConverted > converted);
            Assert.Equal(before, host.Statistics().TickAllocatedBytes);
        }

        engine.Destroy(frames);
        engine.AssertSilent();
    }

    [SkippableFact]
    public void Allocator_OfTheHost_MakesAndFreesAllThatIsOnItsDevice()
    {
        using EngineHost engine = CreateEngine();
        int before = CountingAllocator.Made;
        using (var host = new Host(engine, usesAllocator: true))
        {
            ulong texture = host.Submit(Host.Request());
            NativeImage image = Borrow(host, texture);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        }

        Assert.True(CountingAllocator.Made > before, "nothing was made by the host's allocator");
        Assert.Equal(0, CountingAllocator.Live);
        engine.AssertSilent();
    }

    [SkippableFact]
    public void Retarget_WithAFade_ComesInOverItsTime()
    {
        const int Tolerance = 8; // the minute's first seconds of the way
        byte before = TestBackend.CleanByte(1);
        byte after = TestBackend.CleanByte(5);
        using EngineHost engine = CreateEngine();
        using (var host = new Host(engine))
        using (VulkanDevice reader = VulkanDevice.Adopt(engine.Lent))
        {
            NativeRequest request = Host.Request(label: 1, size: Size);
            ulong texture = host.Submit(request);
            host.Finish(texture);
            ShowNewest(host, texture);

            request.ClassLabel = 5;
            request.FadeMs = 60_000;
            Host.Check(C.Retarget(host.Runtime, texture, &request));
            host.Finish(texture);
            ShowNewest(host, texture);
            Assert.InRange(Red(host, reader, texture), before - Tolerance, before + Tolerance);

            request.FadeMs = 0;
            Host.Check(C.Retarget(host.Runtime, texture, &request));
            host.Finish(texture);
            ShowNewest(host, texture);
            Assert.Equal(after, Red(host, reader, texture));
            Assert.NotInRange(after, before - Tolerance, before + Tolerance);
        }

        engine.AssertSilent();
    }

    [SkippableTheory]
    [InlineData(-1)]
    [InlineData(60_001)]
    [InlineData(double.NaN)]
    public void Submit_FadeOutOfRange_IsAnInvalidArgument(double fadeMs)
    {
        using var host = new Host();
        NativeRequest request = Host.Request(size: Size);
        request.FadeMs = fadeMs;
        ulong texture;

        Assert.Equal(ResultCode.ErrorInvalidArgument, C.Submit(host.Runtime, &request, &texture));

        Assert.Contains("fade_ms must be from 0 to 60000", C.LastError(), StringComparison.Ordinal);
    }

    private static byte Red(Host host, VulkanDevice reader, ulong texture)
    {
        NativeImage image = Borrow(host, texture);
        byte red = ImageReader.Read(reader, View(image), Size, Size)[0];
        Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        return red;
    }

    // A frame of the host: borrow, submit something that signals its timeline, give back after it.
    private static ulong Draw(
        Host host, EngineHost engine, Silk.NET.Vulkan.Semaphore frames, ulong texture, ulong generation)
    {
        NativeImage image = BorrowNext(host, texture, generation);
        engine.Submit(default, frames, image.Generation);
        Host.Check(C.ReleaseAfter(host.Runtime, &image, frames.Handle, image.Generation));
        return image.Generation;
    }

    internal static EngineHost CreateEngine(bool takesOptional = true)
    {
        using (new Host(loadsModel: false))
        {
            // Skips where there is no Vulkan device.
        }

        return new EngineHost(takesOptional);
    }

    private static int CountRetired(Host host)
    {
        using RuntimeCall call = RuntimeTable.Enter(host.Runtime);
        return call.Runtime.Device.Retirement.Count;
    }

    private static NativeImage Borrow(Host host, ulong texture) => BorrowNext(host, texture, 0);

    /// <summary>Ticks until there is an image newer than the given one, and borrows it.</summary>
    internal static NativeImage BorrowNext(Host host, ulong texture, ulong generation, double budgetMs = 0.02)
    {
        NativeImage image = C.Init<NativeImage>();
        for (int i = 0; i < 2000; i++)
        {
            if (C.GetLatest(host.Runtime, texture, &image) == ResultCode.Success)
            {
                if (image.Generation > generation)
                {
                    return image;
                }

                Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
            }

            host.Tick(budgetMs);

            // The device gets time, the chain does not run out of steps.
            Thread.Sleep(1);
        }

        NativeProgress progress = host.Progress(texture);
        string reason = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)progress.Failure)!;
        throw new InvalidOperationException(
            $"No image newer than {generation} came: status {progress.Status}, step {progress.Step}, "
            + $"generation {progress.Generation}, {host.Statistics().ImagesConverted} images. {reason}");
    }

    private static void AssertStays(Host host, ulong texture, ulong generation)
    {
        for (int i = 0; i < 20; i++)
        {
            host.Tick(0.02);
            NativeImage image = C.Init<NativeImage>();
            Host.Check(C.GetLatest(host.Runtime, texture, &image));
            Assert.Equal(generation, image.Generation);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
        }
    }

    private static void ShowNewest(Host host, ulong texture)
    {
        NativeImage image = BorrowNewest(host, texture);
        Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
    }

    /// <summary>Ticks without work until the newest image is shown, and borrows it.</summary>
    /// <remarks>A device that is behind leaves the hand-over to later ticks.</remarks>
    internal static NativeImage BorrowNewest(Host host, ulong texture) =>
        BorrowNext(host, texture, host.Progress(texture).Generation - 1, budgetMs: 0);

    internal static SharedImage View(in NativeImage image) => new(
        new Image(image.Image), new ImageView(image.View), (ImageLayout)image.Layout,
        new Silk.NET.Vulkan.Semaphore(image.Semaphore), image.ReadyValue, default, 0);
}
