using Diffusion.Render.Devices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Compute;

/// <summary>Timestamps around slices, read when the device is done with them: nothing waits.</summary>
/// <remarks>
/// A slice that is submitted again before its time was read loses the older time. Allocates nothing after construction.
/// Dispose retires the pool.
/// </remarks>
internal sealed unsafe class SliceTimer : IDisposable
{
    private readonly VulkanDevice _device;
    private readonly ulong[] _values;
    private readonly bool _hasTimestamps;
    private readonly QueryPool _pool;
    private readonly OwnedHandles _owned;
    private int _next;

    /// <param name="device">The device.</param>
    /// <param name="slices">How many are timed; with <see cref="BeginStep"/>, the last is the solver's step.</param>
    public SliceTimer(VulkanDevice device, int slices)
    {
        _device = device;
        Step = slices - 1;
        _values = new ulong[slices];
        _hasTimestamps = device.Limits.TimestampComputeAndGraphics;
        using var made = new Construction(device);
        if (_hasTimestamps)
        {
            var info = new QueryPoolCreateInfo
            {
                SType = StructureType.QueryPoolCreateInfo,
                QueryType = QueryType.Timestamp,
                QueryCount = 2 * (uint)slices,
            };
            QueryPool pool;
            device.Api.CreateQueryPool(device.Handle, &info, device.Allocator, &pool).Check();
            _pool = made.Own(pool, "compute slices");
        }

        _owned = made.Complete();
    }

    /// <summary>Index of the solver's step, for a timer that times it.</summary>
    public int Step { get; }

    public void BeginStep(CommandBuffer commands) => Begin(commands, Step);

    public void EndStep(CommandBuffer commands) => End(commands, Step);

    public void Begin(CommandBuffer commands, int slice)
    {
        if (_hasTimestamps)
        {
            _device.Api.CmdResetQueryPool(commands, _pool, 2 * (uint)slice, 2);
            _device.Api.CmdWriteTimestamp2(commands, PipelineStageFlags2.AllCommandsBit, _pool, 2 * (uint)slice);
        }
    }

    public void End(CommandBuffer commands, int slice)
    {
        if (_hasTimestamps)
        {
            _device.Api.CmdWriteTimestamp2(
                commands, PipelineStageFlags2.AllCommandsBit, _pool, (2 * (uint)slice) + 1);
        }
    }

    /// <summary>Remembers which submission a slice's time belongs to.</summary>
    public void Submitted(int slice, ulong value) => _values[slice] = value;

    /// <summary>The next slice whose time is known and was not read yet.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryRead(out int slice, out TimeSpan time)
    {
        (slice, time) = (_next, default);
        if (!_hasTimestamps || _values[_next] == 0 || _device.Compute.Timeline.Completed < _values[_next])
        {
            return false;
        }

        time = TimeSpan.FromTicks((long)(Read(slice) / TimeSpan.NanosecondsPerTick));
        _next = (_next + 1) % _values.Length;
        return true;
    }

    /// <summary>The time of a slice whose submission is done, which is then read.</summary>
    /// <returns>Nanoseconds, of which short slices have fewer than a <see cref="TimeSpan"/> resolves.</returns>
    public double Read(int slice)
    {
        ulong* ticks = stackalloc ulong[2];

        // NotReady cannot be: the submission is done.
        _device.Api.GetQueryPoolResults(
            _device.Handle, _pool, 2 * (uint)slice, 2, 2 * sizeof(ulong), ticks, sizeof(ulong),
            QueryResultFlags.Result64Bit).Check();
        _values[slice] = 0;
        return (ticks[1] - ticks[0]) * (double)_device.Limits.TimestampPeriod;
    }

    public void Dispose() => _owned.Dispose();
}
