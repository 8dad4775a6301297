using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Render.Frames;
using Diffusion.Render.Scenes;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Sharing;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Devices;

/// <summary>Every Vulkan call of a constructor fails once, in turn; no handle may stay.</summary>
[Collection(VulkanTests.Name)]
public sealed class ConstructionTests(VulkanFixture vulkan)
{
    private static readonly Dictionary<string, Func<VulkanDevice, IDisposable>> _makers = new()
    {
        [nameof(OffscreenTarget)] = device => new OffscreenTarget(device, 8, 8),
        [nameof(FrameRenderer)] = MakeRenderer,
        [nameof(Mesh)] = device => MeshBuilder.Plane(device),
        [nameof(MeshPass)] = device => new MeshPass(device, Format.R8G8B8A8Srgb),
        [nameof(SceneAttachments)] = MakeAttachments,
        [nameof(OverlayPass)] = device => new OverlayPass(device, Format.R8G8B8A8Srgb),
        [nameof(SharedTexturePass)] = device => new SharedTexturePass(device),
        [nameof(SharedTexture)] = device => MakeTexture(device, null),
        [nameof(SharingPath.Staging)] = device => MakeTexture(device, SharingPath.Staging),
        [nameof(SharedTexture.Fade)] = device => MakeTexture(device, null, TimeSpan.FromSeconds(1)),
        [nameof(NetworkRun)] = MakeNetworkRun,
        [nameof(DeviceSampleState)] = MakeSampleState,
    };

    public static TheoryData<string> Makers => [.. _makers.Keys];

    [SkippableTheory]
    [MemberData(nameof(Makers))]
    public void Constructor_EachCallFailsInTurn_LeavesNoHandle(string made)
    {
        _ = vulkan.Device;
        var faulty = new FaultyVulkan();
        VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, LoadApi = faulty.Load });

        FailInTurn(faulty, () => _makers[made](device), () =>
        {
            device.WaitIdle();
            device.Retirement.Flush();
        });

        device.Dispose();
        Assert.Equal("", faulty.Live);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void ExportedBuffer_EachCallFailsInTurn_LeavesNoHandle()
    {
        _ = vulkan.Device;
        var faulty = new FaultyVulkan();

        // Only its memory is exported here: llvmpipe has no timelines to export.
        VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions
        {
            EnableValidation = true,
            LoadApi = faulty.Load,
            MakeExportedTimeline = static (_, name) => throw new NotSupportedException(name),
        });
        string? whyNot = device.ExportReason;
        if (whyNot is null)
        {
            FailInTurn(faulty, () => MakeExported(device), () =>
            {
                device.WaitIdle();
                device.Retirement.Flush();
            });
        }

        device.Dispose();
        Skip.IfNot(whyNot is null, whyNot);
        Assert.Equal("", faulty.Live);
        VulkanFixture.AssertSilent(device);
    }

    [SkippableFact]
    public void Create_EachCallFailsInTurn_LeavesNoHandle()
    {
        _ = vulkan.Device;
        var faulty = new FaultyVulkan();
        var options = new VulkanDeviceOptions { EnableValidation = true, LoadApi = faulty.Load };

        FailInTurn(faulty, () => VulkanDevice.Create(options), () => { });

        Assert.Equal("", faulty.Live);
    }

    [SkippableFact]
    public void SwapchainTarget_EachCallFailsInTurn_LeavesNoHandle()
    {
        _ = vulkan.Device;
        vulkan.RequireDisplay();
        using var window = new GlfwWindow(64, 48, "test");
        var faulty = new FaultyVulkan();
        VulkanDevice device = VulkanDevice.Create(
            new VulkanDeviceOptions { Window = window, EnableValidation = true, LoadApi = faulty.Load });

        FailInTurn(faulty, () => new SwapchainTarget(device, window), device.WaitIdle);

        device.Dispose();
        Assert.Equal("", faulty.Live);
        VulkanFixture.AssertSilent(device);
    }

    /// <summary>
    /// Makes an object again and again, each time with a later call failing, until no call is left to fail.
    /// </summary>
    private static void FailInTurn(FaultyVulkan faulty, Func<IDisposable> make, Action settle)
    {
        string before = faulty.Live;
        int call = 0;
        do
        {
            faulty.FailAt(++call);
            Exception? error = Record.Exception(() => make().Dispose());
            bool failed = faulty.HasFailed;
            faulty.FailAt(-1);
            Assert.True(error is null or VulkanException, error?.ToString());
            settle();
            Assert.True(before == faulty.Live, $"call {call} failed: {before} became {faulty.Live}");
            if (!failed)
            {
                Assert.Null(error);
                break;
            }
        }
        while (true);

        Assert.True(call > 2, "the functions are not in between: nothing failed");
    }

    private static GpuBuffer MakeExported(VulkanDevice device)
    {
        var buffer = GpuBuffer.Exported(device, 5000, BufferUsageFlags.StorageBufferBit, "exported");
        try
        {
            buffer.Export(device).Dispose();
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private static ObjectsAndParents MakeRenderer(VulkanDevice device)
    {
        var parents = new ObjectsAndParents();
        try
        {
            var target = parents.Add(new OffscreenTarget(device, 8, 8));
            parents.Add(new FrameRenderer(device, target, []));
            return parents;
        }
        catch
        {
            parents.Dispose();
            throw;
        }
    }

    private static ObjectsAndParents MakeTexture(
        VulkanDevice device, SharingPath? path, TimeSpan fade = default)
    {
        var parents = new ObjectsAndParents();
        try
        {
            var ring = parents.Add(new SampleRing(16, 16, 0));
            var pass = parents.Add(new SharedTexturePass(device));
            parents.Add(pass.Add(ring, "test", path)).Fade = fade;
            return parents;
        }
        catch
        {
            parents.Dispose();
            throw;
        }
    }

    private static ObjectsAndParents MakeNetworkRun(VulkanDevice device)
    {
        var parents = new ObjectsAndParents();
        try
        {
            var model = parents.Add(new TestModelFolder());
            var backend = parents.Add(new ComputeBackend(model.Folder, device));
            NetworkRun run = parents.Add(backend.CreateRun(batch: 1, height: 8, width: 8, seamless: true));
            for (int part = 0; part < run.Plan.Parts.Count; part++)
            {
                run.Record(part);
            }

            return parents;
        }
        catch
        {
            parents.Dispose();
            throw;
        }
    }

    private static ObjectsAndParents MakeSampleState(VulkanDevice device)
    {
        var parents = new ObjectsAndParents();
        try
        {
            var kernels = parents.Add(new KernelLibrary(device));
            GpuBuffer buffer = parents.Add(GpuBuffer.Upload(device, 4096, BufferUsageFlags.StorageBufferBit, "test"));
            parents.Add(new DeviceSampleState(
                device, kernels, new SessionOptions { Width = 8, Height = 8 },
                new SampleBuffers(buffer, buffer, buffer, buffer, Batch: 1), waits: true));
            return parents;
        }
        catch
        {
            parents.Dispose();
            throw;
        }
    }

    private static SceneAttachments MakeAttachments(VulkanDevice device)
    {
        var attachments = new SceneAttachments(device, Format.R8G8B8A8Srgb, samples: 4);
        try
        {
            attachments.Fit(new Extent2D(8, 8));
            return attachments;
        }
        catch
        {
            // It is usable still, and fits itself when memory is there again.
            attachments.Fit(new Extent2D(8, 8));
            Assert.NotNull(attachments.Colour);
            attachments.Dispose();
            throw;
        }
    }

    private sealed class ObjectsAndParents : IDisposable
    {
        private readonly Stack<IDisposable> _objects = [];

        public T Add<T>(T made)
            where T : IDisposable
        {
            _objects.Push(made);
            return made;
        }

        public void Dispose()
        {
            while (_objects.TryPop(out IDisposable? made))
            {
                made.Dispose();
            }
        }
    }
}
