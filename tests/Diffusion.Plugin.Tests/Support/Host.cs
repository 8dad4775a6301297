using System.Text;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Runtimes;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>A host with a runtime, made through the C functions.</summary>
internal sealed unsafe class Host : IDisposable
{
    /// <summary>Changes what is lent before it is.</summary>
    public delegate void Lending(NativeVulkanHost* host);

    private readonly Func<ModelFolder, VulkanDevice, IDenoiserBackend> _before = BackendFactory.Create;

    /// <param name="engine">Lends its device; null for the library's own.</param>
    /// <param name="loadsModel">Whether a model is loaded.</param>
    /// <param name="usesAllocator">Whether the engine lends its <see cref="CountingAllocator"/> along.</param>
    /// <param name="backend">A backend by name, for its own network; null for <see cref="TestBackend"/>.</param>
    /// <param name="lending">Changes what the engine lends; null leaves it.</param>
    public Host(
        EngineHost? engine = null, bool loadsModel = true, bool usesAllocator = false, string? backend = null,
        Lending? lending = null)
    {
        BackendFactory.Create = static (folder, _) => TestBackend.Create(folder.Config);
        NativeCreateInfo info = C.Init<NativeCreateInfo>();
        using var lent = engine is null ? null : new LentDevice(engine);
        if (lent is not null)
        {
            lent.Allocator = usesAllocator ? CountingAllocator.Callbacks : null;
            lending?.Invoke(lent.Value);
        }

        info.Vulkan = lent is null ? null : lent.Value;
        ulong runtime;
        ResultCode result;
        fixed (byte* name = backend is null ? null : Text(backend))
        {
            info.Backend = name;
            result = C.Create(&info, &runtime);
        }

        Skip.If(result == ResultCode.ErrorNoDevice, C.LastError());
        Check(result);
        Runtime = runtime;
        if (loadsModel)
        {
            Check(LoadModel(Repository.Model));
        }
    }

    public ulong Runtime { get; }

    /// <summary>Fails with the library's text.</summary>
    public static void Check(ResultCode result) =>
        Assert.True(result == ResultCode.Success, $"{result}: {(result < 0 ? C.LastError() : "")}");

    public ResultCode LoadModel(string path)
    {
        fixed (byte* text = Text(path))
        {
            NativeModel model = C.Init<NativeModel>();
            model.Path = text;
            return C.LoadModel(Runtime, &model);
        }
    }

    /// <summary>A request of a class in few steps by DDIM.</summary>
    public static NativeRequest Request(int label = 1, int size = 32, int steps = 3)
    {
        NativeRequest request = C.Init<NativeRequest>();
        request.Width = size;
        request.Height = size;
        request.Steps = steps;
        request.ClassLabel = label;
        request.Flags = (uint)RequestFlags.ClassLabel;
        return request;
    }

    public ulong Submit(NativeRequest request)
    {
        ulong texture;
        Check(C.Submit(Runtime, &request, &texture));
        return texture;
    }

    public NativeTickReport Tick(double budgetMs = 1000)
    {
        NativeTickReport report = C.Init<NativeTickReport>();
        Check(C.Tick(Runtime, budgetMs, &report));
        return report;
    }

    public NativeProgress Progress(ulong texture)
    {
        NativeProgress progress = C.Init<NativeProgress>();
        Check(C.GetProgress(Runtime, texture, &progress));
        return progress;
    }

    /// <summary>Ticks until the texture has ended.</summary>
    public void Finish(ulong texture)
    {
        for (int i = 0; i < 10_000 && Progress(texture).Status == 0; i++)
        {
            Tick();
        }
    }

    public NativeStatistics Statistics()
    {
        NativeStatistics statistics = C.Init<NativeStatistics>();
        Check(C.GetStatistics(Runtime, &statistics));
        return statistics;
    }

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    public void Dispose()
    {
        C.Destroy(Runtime);
        BackendFactory.Create = _before;
    }
}
