namespace Diffusion.Cli.Reporting;

/// <summary><c>report.json</c>: what a run of frames promised and what it took. Times are in milliseconds.</summary>
/// <remarks>Keys are snake_case and stable; later versions add keys.</remarks>
internal sealed record FrameReport
{
    public int Schema { get; init; } = 1;

    public required string Backend { get; init; }

    public required string Device { get; init; }

    public required string Model { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public required string Solver { get; init; }

    public required int Steps { get; init; }

    public required double BudgetMs { get; init; }

    public required int Frames { get; init; }

    public required Percentiles FrameMs { get; init; }

    public required Percentiles TickMs { get; init; }

    public required OverrunReport Overrun { get; init; }

    /// <summary>Time that ticks took over their budgets, over the frames in which work was waiting.</summary>
    public required double Utilization { get; init; }

    /// <summary>Frames in which a slice that did not fit was begun because nothing smaller was left to do.</summary>
    public required int ForcedFrames { get; init; }

    public required int TexturesCompleted { get; init; }

    public required int StepsCompleted { get; init; }

    /// <summary>The frame that first showed a step of a chain, from 0; -1 when none did.</summary>
    public required int FirstPreviewFrame { get; init; }

    /// <summary>From the start of the process to the first finished frame that shows a texture, if only its
    /// noise.</summary>
    public double? FirstNoiseMs { get; init; }

    /// <summary>From the start of the process to the first finished frame that shows a step of a chain.</summary>
    public double? FirstPixelMs { get; init; }

    public required long AllocatedBytesPerFrame { get; init; }

    public required int GcCollections { get; init; }

    public required SharingReport Sharing { get; init; }

    /// <summary>The renderer's memory at the end; where nothing was drawn, null.</summary>
    public MemoryReport? Memory { get; init; }

    /// <summary>Figures of other ways to schedule; filled by the profiler.</summary>
    public IReadOnlyDictionary<string, FrameReport>? Policies { get; init; } = new Dictionary<string, FrameReport>();

    /// <summary>Which of the policies these figures are of; from here on what only the profiler fills.</summary>
    public string? Policy { get; init; }

    /// <summary>What the policy does in a frame.</summary>
    public string? WorkPerFrame { get; init; }

    /// <summary>Textures that are generated at the same time.</summary>
    public int? Textures { get; init; }

    /// <summary>w of classifier-free guidance; 1 is none.</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>Time of ticks over steps completed.</summary>
    public double? MsPerStep { get; init; }

    /// <summary>The frames in which nothing was begun that was not expected to fit.</summary>
    public PhaseReport? WithChoice { get; init; }

    /// <summary>Frames with the runtime against frames without.</summary>
    public HostCostReport? HostCost { get; init; }

    /// <summary>The run before, under and after load.</summary>
    public LoadReport? Load { get; init; }

    /// <summary>The model of time against what slices took.</summary>
    public IReadOnlyList<SliceReport>? Slices { get; init; }
}

/// <summary>Ticks that took longer than their budget.</summary>
/// <param name="Frames">How many.</param>
/// <param name="Ratio">Of all frames.</param>
/// <param name="P99Ms">99th percentile over all frames of what was taken beyond the budget.</param>
/// <param name="MaxMs">The most.</param>
internal sealed record OverrunReport(int Frames, double Ratio, double P99Ms, double MaxMs);

/// <summary>How x_t reached the renderer.</summary>
/// <param name="Path">The sharing path: <c>in-place</c>, <c>host-import</c> or <c>staging</c>.</param>
/// <param name="Reason">Why that path.</param>
/// <param name="BytesCopiedPerFrame">Copied by the CPU, in the mean.</param>
internal sealed record SharingReport(string Path, string Reason, double BytesCopiedPerFrame);

/// <summary>What the renderer took of the Vulkan device's memory.</summary>
/// <param name="AllocatedBytes">Taken of the device's heaps.</param>
/// <param name="Allocations">In how many allocations and imports.</param>
/// <param name="UsedBytes">Taken of that by buffers and images.</param>
/// <param name="Resources">How many of those.</param>
internal sealed record MemoryReport(long AllocatedBytes, int Allocations, long UsedBytes, int Resources);
