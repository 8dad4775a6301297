namespace Diffusion.Runtime.Budget;

/// <summary>What a tick promised and what it took.</summary>
/// <remarks>Pure data.</remarks>
public readonly record struct TickReport
{
    /// <summary>The time that the host gave.</summary>
    public TimeSpan Budget { get; init; }

    /// <summary>The time that the tick took on the host.</summary>
    public TimeSpan Taken { get; init; }

    /// <summary>The sum of what the slices that ran were predicted to cost.</summary>
    public TimeSpan PredictedCost { get; init; }

    /// <summary>
    /// The part of <see cref="PredictedCost"/> that a device beside the host was handed; not in <see cref="Taken"/>.
    /// </summary>
    public TimeSpan SubmittedCost { get; init; }

    /// <summary>
    /// What the slice that did not fit was predicted to cost; zero when the tick ended for lack of work.
    /// </summary>
    public TimeSpan NextPredictedCost { get; init; }

    /// <summary>Slices run.</summary>
    public int SlicesRun { get; init; }

    /// <summary>Steps finished.</summary>
    public int StepsCompleted { get; init; }

    /// <summary>Textures finished.</summary>
    public int TexturesCompleted { get; init; }

    /// <summary>Textures that failed; <c>TextureProgress.FailureReason</c> says why.</summary>
    public int TexturesFailed { get; init; }

    /// <summary>
    /// Whether the tick began a slice that was predicted not to fit, since nothing fitted or its texture had waited too
    /// long, and <see cref="SliceProgress"/> asked for it.
    /// </summary>
    public bool Forced { get; init; }

    /// <summary>Why the tick ended.</summary>
    public TickStop Stop { get; init; }

    /// <summary>Time taken beyond the budget, or zero.</summary>
    public TimeSpan Overrun => Taken > Budget ? Taken - Budget : TimeSpan.Zero;
}
