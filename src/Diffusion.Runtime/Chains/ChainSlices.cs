using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Runtime.Chains;

/// <summary>What a chain can do next: <c>start</c>, the session's slices, <c>solver_step</c>.</summary>
internal sealed class ChainSlices
{
    /// <summary>Index of <c>start</c>.</summary>
    public const int Start = 0;

    /// <summary>Index of the session's first slice.</summary>
    public const int FirstOfSession = Start + 1;

    /// <summary>In place of the index of a span: none.</summary>
    public const int NoSpan = -1;

    private const int BytesPerPixel = SampleRing.Channels * sizeof(float);

    // Rough operation counts, by which the cost model guesses before it has seen a slice: Philox and Box-Muller with
    // their logarithm and sine one value at a time, and a fused row.
    private const double StartFlopsPerValue = 600;
    private const double StepFlopsPerValue = 80;

    private readonly IDenoiserSession _session;

    // The span that begins at a slice, or NoSpan.
    private readonly int[] _spanAt;

    /// <param name="session">Borrowed.</param>
    public ChainSlices(IDenoiserSession session)
    {
        _session = session;
        SampleRing ring = session.Samples;
        double values = ring.PlaneLength;
        double imageBytes = (double)ring.Width * ring.Height * BytesPerPixel;
        All =
        [
            new SliceInfo("start", StartFlopsPerValue * values, 2 * imageBytes),
            .. session.Slices,
            new SliceInfo("solver_step", StepFlopsPerValue * values, 5 * imageBytes),
        ];
        Spans = [.. session.Spans.Select(span => span with { First = span.First + FirstOfSession })];
        _spanAt = new int[All.Length];
        Array.Fill(_spanAt, NoSpan);
        for (int i = 0; i < Spans.Count; i++)
        {
            _spanAt[Spans[i].First] = i;
        }
    }

    /// <summary>All slices.</summary>
    public SliceInfo[] All { get; }

    /// <summary>Which of them the session also runs at once.</summary>
    public IReadOnlyList<SliceSpan> Spans { get; }

    /// <summary>Index of <c>solver_step</c>.</summary>
    public int SolverStep => All.Length - 1;

    /// <summary>Which slices a step runs before its <c>solver_step</c>.</summary>
    /// <param name="isGuided">Whether guidance applies at its level.</param>
    public SliceRange Of(bool isGuided)
    {
        SliceRange slices = _session.SlicesOf(isGuided);
        return new SliceRange(slices.First + FirstOfSession, slices.End + FirstOfSession);
    }

    /// <summary>The span that begins at a slice and can run, or <see cref="NoSpan"/>.</summary>
    public int SpanAt(int slice)
    {
        int span = _spanAt[slice];
        return span != NoSpan && _session.IsSpanReady(span) ? span : NoSpan;
    }
}
