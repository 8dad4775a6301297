namespace Diffusion.Onnx;

/// <summary>One thread that loads the spans of a backend's networks, one network after the other.</summary>
/// <remarks>
/// So the first image does not wait for them. A thread for each network would leave its heap behind in glibc, which
/// keeps one for each of the first threads: 0.7 GB in eight minutes of ever new sizes.
/// </remarks>
internal sealed class SpanLoader : IDisposable
{
    private readonly LinkedList<OnnxNetwork> _waiting = [];
    private Thread? _thread;
    private OnnxNetwork? _loading;
    private bool _isClosed;

    /// <summary>Loads a network's spans when those before it are done.</summary>
    public void Add(OnnxNetwork network)
    {
        lock (_waiting)
        {
            _waiting.AddLast(network);
            Monitor.PulseAll(_waiting);
        }

        if (_thread is null)
        {
            _thread = new Thread(Run)
            {
                IsBackground = true,
                Name = "diffusion spans",
                Priority = ThreadPriority.Lowest,
            };
            _thread.Start();
        }
    }

    /// <summary>Leaves a network alone from now on; waits for the span that it loads, if it does.</summary>
    public void Remove(OnnxNetwork network)
    {
        network.StopLoading();
        lock (_waiting)
        {
            _waiting.Remove(network);
            while (_loading == network)
            {
                Monitor.Wait(_waiting);
            }
        }
    }

    /// <summary>Waits until all that were added have their spans.</summary>
    public void Finish()
    {
        lock (_waiting)
        {
            while (_waiting.Count > 0 || _loading is not null)
            {
                Monitor.Wait(_waiting);
            }
        }
    }

    /// <summary>Ends the thread; its networks were removed.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _isClosed = true;
            Monitor.PulseAll(_waiting);
        }

        _thread?.Join();
    }

    private void Run()
    {
        while (Next() is OnnxNetwork network)
        {
            network.LoadSpans();
        }
    }

    private OnnxNetwork? Next()
    {
        lock (_waiting)
        {
            _loading = null;
            Monitor.PulseAll(_waiting);
            while (_waiting.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_waiting);
            }

            if (!_isClosed)
            {
                _loading = _waiting.First!.Value;
                _waiting.RemoveFirst();
            }

            return _loading;
        }
    }
}
