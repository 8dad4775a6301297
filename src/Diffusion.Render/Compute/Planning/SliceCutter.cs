namespace Diffusion.Render.Compute.Planning;

/// <summary>Cuts slices into pieces of at most so much arithmetic, between dispatches and within them.</summary>
/// <remarks>
/// Workgroups of a dispatch do not depend on each other, so that it may stop between any two; it is cut between rows of
/// them, of which even small canvases have several. A single row is never cut. The results are the same to the bit.
/// </remarks>
internal static class SliceCutter
{
    /// <summary>The pieces of all slices in order.</summary>
    /// <param name="slices">The network's slices.</param>
    /// <param name="dispatches">Their dispatches.</param>
    /// <param name="mostFlops">
    /// Arithmetic that a piece may have; infinity leaves slices whole, 0 gives each dispatch a piece, to be measured.
    /// </param>
    public static IReadOnlyList<PlannedPart> Cut(
        IReadOnlyList<PlannedSlice> slices, IReadOnlyList<PlannedDispatch> dispatches, double mostFlops)
    {
        List<PlannedPart> parts = [];
        foreach (PlannedSlice slice in slices)
        {
            Piece piece = new();
            for (int i = slice.First; i < slice.First + slice.Count; i++)
            {
                Cut(piece, dispatches[i], mostFlops);
            }

            if (!piece.IsEmpty)
            {
                piece.End();
            }

            parts.AddRange(piece.Parts.Select((part, i) => part with
            {
                Name = piece.Parts.Count == 1 ? slice.Name : $"{slice.Name} {i + 1}/{piece.Parts.Count}",
            }));
        }

        return parts;
    }

    private static void Cut(Piece piece, PlannedDispatch dispatch, double mostFlops)
    {
        int rows = dispatch.Groups.Y * dispatch.Groups.Z;
        if (mostFlops == 0)
        {
            piece.Add(new DispatchRange(dispatch, 0, rows), share: 1);
            piece.End();
            return;
        }

        double rowFlops = dispatch.Flops / rows;
        for (int row = 0; row < rows;)
        {
            int fitting = (int)Math.Clamp((mostFlops - piece.Flops) / Math.Max(rowFlops, 1), 0, rows - row);
            if (fitting == 0)
            {
                if (!piece.IsEmpty)
                {
                    piece.End();
                    continue;
                }

                fitting = 1;
            }

            piece.Add(new DispatchRange(dispatch, row, fitting), (double)fitting / rows);
            row += fitting;
        }
    }

    private sealed class Piece
    {
        private readonly List<DispatchRange> _ranges = [];
        private double _bytes;

        public List<PlannedPart> Parts { get; } = [];

        public double Flops { get; private set; }

        public bool IsEmpty => _ranges.Count == 0;

        public void Add(in DispatchRange range, double share)
        {
            _ranges.Add(range);
            Flops += share * range.Dispatch.Flops;
            _bytes += share * range.Dispatch.Bytes;
        }

        public void End()
        {
            Parts.Add(new PlannedPart("", [.. _ranges], Flops, _bytes));
            _ranges.Clear();
            (Flops, _bytes) = (0, 0);
        }
    }
}
