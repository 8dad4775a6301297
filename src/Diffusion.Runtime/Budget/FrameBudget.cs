namespace Diffusion.Runtime.Budget;

/// <summary>
/// A span of time that began when this was made, and the question of whether work still fits into it.
/// </summary>
/// <remarks>Allocates nothing.</remarks>
public readonly struct FrameBudget
{
    private readonly TimeProvider _clock;
    private readonly long _start;

    /// <summary>Starts the budget now.</summary>
    /// <param name="clock">The clock; tests pass their own.</param>
    /// <param name="total">The budget, at least zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    public FrameBudget(TimeProvider clock, TimeSpan total)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, TimeSpan.Zero);
        _clock = clock;
        _start = clock.GetTimestamp();
        Total = total;
    }

    /// <summary>The whole budget.</summary>
    public TimeSpan Total { get; }

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    /// <summary>What is left; negative after an overrun.</summary>
    public TimeSpan Remaining => Total - Elapsed;
}
