using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>
/// The rest of an engine: another thread that submits work of its own to the same queue, as fast as it can.
/// </summary>
internal sealed unsafe class EngineSubmitter : IDisposable
{
    private readonly EngineHost _host;
    private readonly Thread _thread;
    private readonly CommandPool _pool;
    private readonly CommandBuffer _commands;
    private readonly Fence _fence;
    private volatile bool _stops;
    private volatile Exception? _error;

    public EngineSubmitter(EngineHost host)
    {
        _host = host;
        var poolInfo = new CommandPoolCreateInfo
        {
            SType = StructureType.CommandPoolCreateInfo,
            QueueFamilyIndex = host.QueueFamily,
        };
        CommandPool pool;
        host.Api.CreateCommandPool(host.Device, &poolInfo, null, &pool).Check();
        _pool = pool;
        var commandInfo = new CommandBufferAllocateInfo
        {
            SType = StructureType.CommandBufferAllocateInfo,
            CommandPool = pool,
            Level = CommandBufferLevel.Primary,
            CommandBufferCount = 1,
        };
        CommandBuffer commands;
        host.Api.AllocateCommandBuffers(host.Device, &commandInfo, &commands).Check();
        _commands = commands;
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo };
        host.Api.BeginCommandBuffer(commands, &begin).Check();
        host.Api.EndCommandBuffer(commands).Check();
        var fenceInfo = new FenceCreateInfo { SType = StructureType.FenceCreateInfo };
        Fence fence;
        host.Api.CreateFence(host.Device, &fenceInfo, null, &fence).Check();
        _fence = fence;
        _thread = new Thread(Run) { Name = "engine" };
        _thread.Start();
    }

    public long Submissions { get; private set; }

    /// <summary>Ends the thread; what it threw, the test sees.</summary>
    public void Stop()
    {
        _stops = true;
        _thread.Join();
        Assert.Null(_error);
    }

    public void Dispose()
    {
        _stops = true;
        _thread.Join();
        _host.Api.DestroyFence(_host.Device, _fence, null);
        _host.Api.DestroyCommandPool(_host.Device, _pool, null);
    }

    private void Run()
    {
        try
        {
            while (!_stops)
            {
                Fence fence = _fence;
                _host.Submit(_commands, fence: fence);
                _host.Api.WaitForFences(_host.Device, 1, &fence, true, ulong.MaxValue).Check();
                _host.Api.ResetFences(_host.Device, 1, &fence).Check();
                Submissions++;
            }
        }
        catch (Exception error)
        {
            _error = error;
        }
    }
}
