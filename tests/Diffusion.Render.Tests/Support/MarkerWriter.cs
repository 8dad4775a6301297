using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Tests.Support;

/// <summary>A chain that does nothing but publish, on a thread of its own, as fast as it can.</summary>
internal sealed class MarkerWriter : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _stops;

    public MarkerWriter(SampleRing ring)
    {
        _thread = new Thread(() =>
        {
            while (!_stops)
            {
                TestSamples.PublishMarker(ring);
            }
        })
        {
            Name = "writer",
        };
        _thread.Start();
    }

    public void Dispose()
    {
        _stops = true;
        _thread.Join();
    }
}
