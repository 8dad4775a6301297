namespace Diffusion.Cli.Profiling;

/// <summary>How soon a run is as it was before the load.</summary>
internal static class Recovery
{
    /// <summary>Frames that are looked at together: one frame alone says little about utilization.</summary>
    public const int Window = 10;

    /// <summary>Share of the utilization before the load that counts as recovered.</summary>
    public const double Share = 0.95;

    /// <summary>
    /// Frames after the load until the next <see cref="Window"/> frames use at least <see cref="Share"/> of what those
    /// before the load used of their budget; -1 when they never do.
    /// </summary>
    public static int FramesAfter(PolicyRun run, int loadBegin, int loadEnd)
    {
        double wanted = Share * run.Log(0, loadBegin, onlyWithChoice: false).Utilization;
        for (int begin = loadEnd; begin + Window <= run.Count; begin++)
        {
            if (run.Log(begin, begin + Window, onlyWithChoice: false).Utilization >= wanted)
            {
                return begin - loadEnd;
            }
        }

        return -1;
    }
}
