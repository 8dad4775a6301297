using Diffusion.Onnx.Graphs;

namespace Diffusion.Onnx;

/// <summary>Networks by their shape: those in use, and the last few that were.</summary>
/// <remarks>A texture of a shape that was there before starts without the time that loading its pieces takes.</remarks>
/// <param name="create">Makes the network of a shape.</param>
internal sealed class NetworkCache(Func<NetworkShape, OnnxNetwork> create) : IDisposable
{
    private const int MostIdle = 4;

    private readonly SpanLoader _spans = new();

    // The one that was used last stands last.
    private readonly List<OnnxNetwork> _networks = [];

    /// <summary>The network of a shape, until it is given back.</summary>
    public OnnxNetwork Rent(NetworkShape shape)
    {
        OnnxNetwork? network = _networks.Find(candidate => candidate.Shape == shape);
        if (network is null)
        {
            network = create(shape);
            _networks.Add(network);
            if (network.Spans.Count > 0)
            {
                _spans.Add(network);
            }
        }

        network.UserCount++;
        return network;
    }

    /// <summary>Ends a use that <see cref="Rent"/> began.</summary>
    public void Return(OnnxNetwork network)
    {
        network.UserCount--;
        if (_networks.Remove(network))
        {
            _networks.Add(network);
        }

        while (_networks.Count(candidate => candidate.UserCount == 0) > MostIdle)
        {
            OnnxNetwork oldest = _networks.Find(candidate => candidate.UserCount == 0)!;
            _networks.Remove(oldest);
            Free(oldest);
        }
    }

    /// <summary>Waits until all networks have all that they run.</summary>
    public void FinishLoading() => _spans.Finish();

    public void Dispose()
    {
        _networks.ForEach(Free);
        _networks.Clear();
        _spans.Dispose();
    }

    private void Free(OnnxNetwork network)
    {
        _spans.Remove(network);
        network.Dispose();
    }
}
