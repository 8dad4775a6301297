using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime;

/// <content>Who goes next, and what a texture is turned into.</content>
public sealed partial class DiffusionRuntime
{
    /// <summary>Ticks without a step after which a texture is overdue, and without a slice after which one that fits
    /// no tick is forced.</summary>
    private const int PatienceInTicks = 30;

    /// <summary>Part of the time that overdue textures have before all others.</summary>
    private const double OverdueShare = 1.0 / 8;

    // Seconds that overdue textures may take now; below 0 they have had more than their part.
    private double _overdueCredit;

    /// <summary>Changes how many steps a texture still takes, from its present noise level on.</summary>
    /// <remarks>The levels left are those of the request's own grid, thinned evenly.</remarks>
    /// <param name="handle">The texture.</param>
    /// <param name="stepsLeft">1 to as many as the request's grid has below the present level.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside its range; nothing changed.</exception>
    /// <exception cref="ArgumentException">The handle names no texture, or its solver evaluates the network between
    /// its steps, so that levels cannot be left out (see <see cref="Solvers.Solver.PlaceEvaluations"/>).</exception>
    public void ChangeSteps(TextureHandle handle, int stepsLeft)
    {
        DiffusionChain chain = Find(handle);
        if (!chain.CanSkipLevels)
        {
            throw new ArgumentException("The texture's solver evaluates between its steps; their number stays.");
        }

        chain.ChangeSteps(stepsLeft);
    }

    /// <summary>Turns a texture into another class, mix, seed or colour from where it stands, not from noise.</summary>
    /// <remarks>
    /// A texture in work goes on from its present x_t with the request's classes, guidance, seeds and colours; its
    /// levels stay. One that has ended starts from its last clean estimate, as <see cref="TextureRequest.Image"/>
    /// would, by the request's <see cref="TextureRequest.Strength"/>. What a <see cref="TextureRequest.Mask"/> keeps
    /// stays kept.
    /// </remarks>
    /// <param name="handle">The texture.</param>
    /// <param name="request">The new goal; size, seamlessness and whether guidance and a second class are used must
    /// stay, and it has no image and no mask.</param>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule; nothing
    /// changed.</exception>
    public void Retarget(TextureHandle handle, TextureRequest request)
    {
        DiffusionChain chain = Find(handle);
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Image.IsEmpty || !request.Mask.IsEmpty)
        {
            throw new ArgumentException(
                "Retarget starts from the texture's own image and mask; the request must have none.");
        }

        Entry entry = _entries[handle.Index];
        bool isInWork = chain.HasStepsLeft;
        if (!isInWork && chain.Samples.CurrentSlot < 0)
        {
            throw new ArgumentException("The texture ended before its first image; there is nothing to go on from.");
        }

        TextureRequest goal = isInWork
            ? request
            : request with
            {
                Image = chain.Samples.Denoised(chain.Samples.CurrentSlot).ToArray(),
                Mask = chain.Mask,
            };
        (SessionOptions shape, ChainSettings settings) = _resolver.Resolve(goal);
        if (shape != entry.Shape)
        {
            throw new ArgumentException(
                "Retarget keeps size, seamlessness and whether guidance and a second class are used; see Restart.");
        }

        entry.Request(request, _tick);
        if (isInWork)
        {
            chain.Retarget(settings);
        }
        else
        {
            chain.Restart(settings);
            ChooseSteps(entry, goal);
            _telemetry.TextureSubmitted(handle, chain);
        }
    }

    // The texture that has been without a step for longest, while the part of time that is kept for such lasts; then by
    // priority, then by deadline, then whoever has had the least time.
    private bool IsFairer(Entry candidate, Entry? best)
    {
        if (best is null)
        {
            return true;
        }

        bool isOverdue = IsOverdue(candidate);
        if (isOverdue != IsOverdue(best))
        {
            return isOverdue;
        }

        if (isOverdue && candidate.LastStepTick != best.LastStepTick)
        {
            return candidate.LastStepTick < best.LastStepTick;
        }

        if (candidate.Priority != best.Priority)
        {
            return candidate.Priority > best.Priority;
        }

        if (candidate.Deadline != best.Deadline)
        {
            return candidate.Deadline < best.Deadline;
        }

        // A step that is begun is finished first: images are seen sooner, and activations stay in the caches.
        return candidate.SecondsServed != best.SecondsServed
            ? candidate.SecondsServed < best.SecondsServed
            : candidate.IsInStep && !best.IsInStep;
    }

    // Images count, not slices: a slice now and then would leave a texture of many slices without one for minutes.
    private bool IsOverdue(Entry entry) =>
        _overdueCredit > 0 && _tick - entry.LastStepTick >= PatienceInTicks;

    // What is not used is not saved up for longer than a tick, so that the others are never without time for long.
    private void Credit(bool isOverdue, double seconds) => _overdueCredit = isOverdue
        ? _overdueCredit - seconds
        : Math.Min(_overdueCredit + (seconds * OverdueShare / (1 - OverdueShare)), _secondsPerTick);
}
