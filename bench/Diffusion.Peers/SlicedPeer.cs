using System.Diagnostics;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Peers;

/// <summary>A backend as a tick runs it: a session, slice by slice or span by span, the clock read around each.
/// </summary>
internal sealed class SlicedPeer : IPeer
{
    private readonly IDenoiserSession _session;
    private readonly Evaluation _evaluation;
    private readonly long[] _taken;
    private readonly SliceSpan[] _spans;

    public SlicedPeer(string name, IDenoiserBackend backend, PeerInput input, bool bySpans = false)
    {
        Name = name;
        SessionOptions options = new()
        {
            Width = input.Size,
            Height = input.Size,
            Seamless = input.IsSeamless,
            Guided = input.Batch == 2,
        };
        _session = backend.CreateSession(options);
        _session.Start(PeerInput.Level, PeerInput.Noise);

        // With scale 0 all of the batch is evaluated, and its last sample comes out.
        _evaluation = new Evaluation(
            PeerInput.Scalars,
            (int)input.Labels[0],
            (int)input.Labels[^1],
            GuidanceScale: options.Guided ? 0 : 1,
            ClampLimit: float.PositiveInfinity);
        _taken = new long[_session.SlicesOf(options.Guided).Count];
        _spans = bySpans ? [.. _session.Spans] : [];
        while (_spans.Length > 0 && !_session.IsSpanReady(0))
        {
            Thread.Sleep(1);
        }
    }

    public string Name { get; }

    /// <summary>Values of one sample.</summary>
    public int OutputLength => _session.Samples.PlaneLength;

    public void Run()
    {
        _session.BeginEvaluation(_evaluation);
        int span = 0;
        for (int i = 0; i < _taken.Length;)
        {
            long begin = Stopwatch.GetTimestamp();
            int first = i;
            if (span < _spans.Length && _spans[span].First == i)
            {
                i += _spans[span].Count;
                _session.RunSpan(span++);
            }
            else
            {
                _session.RunSlice(i++);
            }

            _taken[first] = Stopwatch.GetTimestamp() - begin;
        }
    }

    /// <summary>By way of a step to the clean estimate, which is the output; the session starts over.</summary>
    public float[] ReadOutput()
    {
        LinearStep step = new() { Target = PeerInput.Level };
        step.Denoised[0] = 1;
        if (!_session.CompleteStep(step, PeerInput.Noise, stepNumber: 1))
        {
            throw new InvalidOperationException("The ring has no free slot, though no one reads it.");
        }

        float[] output = _session.Samples.Denoised(_session.Samples.CurrentSlot).ToArray();
        _session.Start(PeerInput.Level, PeerInput.Noise);
        return output;
    }

    public void Dispose() => _session.Dispose();
}
