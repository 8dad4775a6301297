using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>A queue that the host lends for the network.</summary>
/// <remarks>llvmpipe has one queue, so here both timelines order the same one.</remarks>
public sealed unsafe class ComputeQueueTests
{
    private const int Size = 32;
    private const int Steps = 2;

    private static int _calls;

    [SkippableFact]
    public void GetLatest_QueueForCompute_ShowsTheBitsOfOneQueueUnderTheHostsLock()
    {
        using EngineHost engine = ImageTests.CreateEngine();
        byte[] expected = Generate(engine, lending: null);
        long entered = engine.Lock.Entered;

        byte[] pixels = Generate(engine, host =>
        {
            host->ComputeQueue = host->Queue;
            host->ComputeQueueFamily = host->QueueFamily;
        });

        Assert.Equal(expected, pixels);
        Assert.True(engine.Lock.Entered > entered);
        engine.AssertSilent();
    }

    [Fact]
    public void ReadHost_QueueForCompute_HasItsOwnLock()
    {
        NativeVulkanHost host = C.Init<NativeVulkanHost>();
        host.ComputeQueue = (void*)0x40;
        host.ComputeQueueFamily = 2;
        host.LockComputeQueue = &Count;
        host.UnlockComputeQueue = &Count;
        host.ComputeQueueUser = (void*)7;
        _calls = 0;

        EngineDevice engine = DeviceFactory.ReadHost(host);
        engine.Compute!.Lock!.Enter();
        engine.Compute.Lock.Exit();

        Assert.Equal(14, _calls);
        Assert.Equal((0x40, 2u), (engine.Compute.Queue.Handle, engine.Compute.Family));
        Assert.Null(engine.QueueLock);
    }

    [Fact]
    public void ReadHost_HeaderWithoutAQueueForCompute_HasNone()
    {
        // What lies behind a smaller struct is not the host's to fill.
        NativeVulkanHost host = C.Init<NativeVulkanHost>();
        host.StructSize = (uint)Marshal.OffsetOf<NativeVulkanHost>(nameof(NativeVulkanHost.ComputeQueue));
        host.ComputeQueue = (void*)0xA5A5;
        host.Reserved = 0xA5A5;

        EngineDevice engine = DeviceFactory.ReadHost(
            StructCopy.Read<NativeVulkanHost>(&host, "diffusion_vulkan_host"));

        Assert.Null(engine.Compute);
    }

    [Theory]
    [InlineData("family", -1, "compute_queue is null, but its family")]
    [InlineData("locks", -1, "compute_queue is null, but its family or its lock")]
    [InlineData("one lock", -1, "unlock_compute_queue must both be given")]
    [InlineData("reserved", -11, "reserved is 5")]
    public void ReadHost_FieldsThatContradict_NameThem(string which, int code, string text)
    {
        NativeVulkanHost host = C.Init<NativeVulkanHost>();
        switch (which)
        {
            case "family":
                host.ComputeQueueFamily = 1;
                break;
            case "reserved":
                host.Reserved = 5;
                break;
            default:
                host.LockComputeQueue = &Count;
                host.UnlockComputeQueue = which == "locks" ? &Count : null;
                break;
        }

        var error = Assert.Throws<PluginException>(() => DeviceFactory.ReadHost(host));

        Assert.Equal((ResultCode)code, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Create_FamilyThatIsNot_IsUnsupportedAndNamesIt()
    {
        using EngineHost engine = ImageTests.CreateEngine();
        using var lent = new LentDevice(engine);
        lent.Value->ComputeQueue = lent.Value->Queue;
        lent.Value->ComputeQueueFamily = 99;
        NativeCreateInfo info = C.Init<NativeCreateInfo>();
        info.Vulkan = lent.Value;
        ulong runtime;

        Assert.Equal(ResultCode.ErrorUnsupported, C.Create(&info, &runtime));

        Assert.Contains("Queue family 99", C.LastError(), StringComparison.Ordinal);
        engine.AssertSilent();
    }

    private static byte[] Generate(EngineHost engine, Host.Lending? lending)
    {
        using var host = new Host(engine, loadsModel: false, lending: lending);
        BackendFactory.Create = static (folder, device) => new ComputeBackend(folder, device);
        Host.Check(host.LoadModel(Repository.Model));
        using (RuntimeCall call = RuntimeTable.Enter(host.Runtime))
        {
            Assert.Equal(lending is not null, call.Runtime.Device.HasAsyncCompute);
        }

        ulong texture = host.Submit(Host.Request(size: Size, steps: Steps));
        host.Finish(texture);
        NativeImage image = ImageTests.BorrowNewest(host, texture);
        Assert.Equal(Steps, image.Step);
        Assert.Equal(SharingKind.InPlace, (SharingKind)host.Statistics().Sharing);
        using (VulkanDevice reader = VulkanDevice.Adopt(engine.Lent))
        {
            byte[] pixels = ImageReader.Read(reader, ImageTests.View(image), Size, Size);
            Host.Check(C.ReleaseAfter(host.Runtime, &image, 0, 0));
            Host.Check(C.Release(host.Runtime, texture));
            return pixels;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Count(void* user) => _calls += (int)user;
}
