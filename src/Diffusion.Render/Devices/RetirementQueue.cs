namespace Diffusion.Render.Devices;

/// <summary>
/// Destroys objects once the device can no longer read them: their life ends with the timeline, not with a C# scope.
/// </summary>
internal sealed class RetirementQueue(VulkanDevice device)
{
    // A monitor: the first wait for a Lock allocates.
    private readonly object _gate = new();
    private readonly Queue<(ulong Value, ulong ComputeValue, Action<VulkanDevice> Destroy)> _pending = new();

    /// <summary>Objects waiting for the device.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Destroys after everything submitted so far is done, and one submission of the renderer's
    /// more.</summary>
    /// <remarks>The one more covers a command buffer that is being recorded and already names the object.</remarks>
    public void Retire(Action<VulkanDevice> destroy)
    {
        lock (_gate)
        {
            _pending.Enqueue((device.Timeline.Submitted + 1, device.Compute.Timeline.Submitted, destroy));
        }
    }

    /// <summary>Destroys what the device is done with; allocates nothing.</summary>
    public void Collect() => Drain(device.Timeline.Completed, device.Compute.Timeline.Completed);

    /// <summary>Destroys everything; the device is idle.</summary>
    public void Flush() => Drain(ulong.MaxValue, ulong.MaxValue);

    private void Drain(ulong completed, ulong computed)
    {
        while (true)
        {
            Action<VulkanDevice> destroy;
            lock (_gate)
            {
                if (_pending.Count == 0 || _pending.Peek().Value > completed
                    || _pending.Peek().ComputeValue > computed)
                {
                    return;
                }

                destroy = _pending.Dequeue().Destroy;
            }

            destroy(device);
        }
    }
}
