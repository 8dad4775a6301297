namespace Diffusion.Runtime.Budget;

/// <summary>Why a tick ended.</summary>
public enum TickStop
{
    /// <summary>No texture has work to do.</summary>
    Idle,

    /// <summary>The next slice would not fit what was left of the budget.</summary>
    BudgetSpent,

    /// <summary>The next slice does not fit the whole budget: raise it, or see <see cref="SliceProgress"/>.</summary>
    SliceExceedsBudget,

    /// <summary>
    /// All work waits: for readers to give slots of their rings back, or for a device to finish what it was handed or
    /// to be prepared.
    /// </summary>
    WaitingForReaders,
}
