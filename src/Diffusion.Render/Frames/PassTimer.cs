using System.Diagnostics;
using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Frames;

/// <summary>
/// Timestamps around the passes of one frame slot, read when the slot comes round again: nothing waits.
/// </summary>
internal sealed unsafe class PassTimer : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly IReadOnlyList<IFramePass> _passes;
    private readonly long[] _cpu;
    private readonly ulong[] _ticks;
    private readonly bool _hasTimestamps;
    private readonly QueryPool _pool;
    private readonly OwnedHandles _owned;
    private long _begun;
    private long _ended;
    private ulong _frameValue;

    public PassTimer(VulkanDevice device, IReadOnlyList<IFramePass> passes, string name)
    {
        _device = device;
        _passes = passes;
        _cpu = new long[passes.Count + 1];
        _ticks = new ulong[passes.Count + 1];
        _hasTimestamps = device.Limits.TimestampComputeAndGraphics;
        var info = new QueryPoolCreateInfo
        {
            SType = StructureType.QueryPoolCreateInfo,
            QueryType = QueryType.Timestamp,
            QueryCount = (uint)_ticks.Length,
        };
        using var made = new Construction(device);
        if (_hasTimestamps)
        {
            QueryPool pool;
            device.Api.CreateQueryPool(device.Handle, &info, device.Allocator, &pool).Check();
            _pool = made.Own(pool, name);
        }

        _owned = made.Complete();
    }

    public void BeginFrame(CommandBuffer commands, ulong frameValue)
    {
        _begun = Stopwatch.GetTimestamp();
        _frameValue = frameValue;
        if (_hasTimestamps)
        {
            _device.Api.CmdResetQueryPool(commands, _pool, 0, (uint)_ticks.Length);
        }
    }

    /// <summary>Stamps the boundary before pass <paramref name="index"/>; the count of passes stamps the end.</summary>
    public void Stamp(CommandBuffer commands, int index)
    {
        _cpu[index] = Stopwatch.GetTimestamp();
        if (_hasTimestamps)
        {
            _device.Api.CmdWriteTimestamp2(commands, PipelineStageFlags2.AllCommandsBit, _pool, (uint)index);
        }
    }

    public void EndFrame() => _ended = Stopwatch.GetTimestamp();

    /// <summary>Reads the slot's last frame, which the device has finished.</summary>
    public void Read(FrameTimings timings)
    {
        if (_frameValue == 0)
        {
            return;
        }

        int count = _passes.Count;
        if (_hasTimestamps)
        {
            fixed (ulong* ticks = _ticks)
            {
                // NotReady cannot be: the frame is done.
                _device.Api.GetQueryPoolResults(
                    _device.Handle, _pool, 0, (uint)_ticks.Length, (nuint)(_ticks.Length * sizeof(ulong)), ticks,
                    sizeof(ulong), QueryResultFlags.Result64Bit).Check();
            }
        }

        timings.FrameValue = _frameValue;
        timings.Gpu = GpuTime(0, count);
        timings.Cpu = Stopwatch.GetElapsedTime(_begun, _ended);
        for (int i = 0; i < count; i++)
        {
            timings.Set(i, new PassTiming(
                _passes[i].Name, GpuTime(i, i + 1), Stopwatch.GetElapsedTime(_cpu[i], _cpu[i + 1])));
        }
    }

    public void Dispose() => _owned.Dispose();

    private TimeSpan GpuTime(int from, int to)
    {
        double nanoseconds = (_ticks[to] - _ticks[from]) * (double)_device.Limits.TimestampPeriod;
        return TimeSpan.FromTicks((long)(nanoseconds / TimeSpan.NanosecondsPerTick));
    }
}
