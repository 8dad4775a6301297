using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime;

/// <content>Who goes next, and how many steps fit before a deadline.</content>
public sealed partial class DiffusionRuntime
{
    /// <summary>Ticks without a slice after which a texture goes before all others.</summary>
    private const int PatienceInTicks = 30;

    /// <summary>
    /// Part of the expected time that plans rely on; the rest is for what the expectation leaves out.
    /// </summary>
    private const double PlannedShare = 0.9;

    // How much of a tick's budget work has filled, and how long such budgets were: averages over about 16 ticks.
    private const double AverageWeight = 1.0 / 16;

    private double _secondsPerTick;

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

    /// <summary>Turns a texture into another class or seed from where it stands, not from noise.</summary>
    /// <remarks>
    /// A texture in work goes on from its present x_t with the request's class, guidance and seed; its levels stay. One
    /// that has ended starts from its last clean estimate, as <see cref="TextureRequest.Image"/> would, by the
    /// request's <see cref="TextureRequest.Strength"/>.
    /// </remarks>
    /// <param name="handle">The texture.</param>
    /// <param name="request">The new goal; size, seamlessness and whether guidance is used must stay, and it has no
    /// image.</param>
    /// <exception cref="ArgumentException">The handle names no texture, or the request breaks a rule; nothing
    /// changed.</exception>
    public void Retarget(TextureHandle handle, TextureRequest request)
    {
        DiffusionChain chain = Find(handle);
        ArgumentNullException.ThrowIfNull(request);
        if (!request.Image.IsEmpty)
        {
            throw new ArgumentException("Retarget starts from the texture's own image; the request must have none.");
        }

        Entry entry = _entries[handle.Index];
        bool isInWork =
            chain.Step < chain.StepCount && (chain.IsRunnable || chain.Status == ChainStatus.Paused);
        if (!isInWork && chain.Samples.CurrentSlot < 0)
        {
            throw new ArgumentException("The texture ended before its first image; there is nothing to go on from.");
        }

        TextureRequest goal = isInWork
            ? request
            : request with { Image = chain.Samples.Denoised(chain.Samples.CurrentSlot).ToArray() };
        (SessionOptions shape, ChainSettings settings) = _resolver.Resolve(goal);
        if (shape != entry.Shape)
        {
            throw new ArgumentException("Retarget keeps size, seamlessness and whether guidance is used; see Restart.");
        }

        entry.Request(request, _tick);
        if (isInWork)
        {
            chain.Retarget(settings);
        }
        else
        {
            chain.Restart(settings);
            _telemetry.TextureSubmitted(handle, chain);
        }
    }

    // A waiting texture first, then by priority, then by deadline, then whoever has had the least time.
    private bool IsFairer(Entry candidate, Entry? best)
    {
        if (best is null)
        {
            return true;
        }

        bool hasPatience = _tick - candidate.LastTick < PatienceInTicks;
        if (hasPatience != _tick - best.LastTick < PatienceInTicks)
        {
            return !hasPatience;
        }

        if (!hasPatience && candidate.LastTick != best.LastTick)
        {
            return candidate.LastTick < best.LastTick;
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

    /// <summary>
    /// Thins the steps of textures that would else miss their deadline. Once a tick, before its work.
    /// </summary>
    private void KeepDeadlines(TimeSpan budget)
    {
        if (_secondsPerTick == 0)
        {
            _secondsPerTick = budget.TotalSeconds;
        }

        foreach (Entry entry in _entries)
        {
            if (entry.Deadline == long.MaxValue || entry.Chain is not { IsRunnable: true, CanSkipLevels: true } chain)
            {
                continue;
            }

            // The present tick is one of those left.
            double ticksLeft = Math.Max(1, entry.Deadline - _tick + 1);
            double secondsLeft = (ticksLeft * _secondsPerTick * PlannedShare) - SecondsAheadOf(entry);
            double step = SecondsPerStep(entry);
            double present = step * chain.NextSliceIndex / chain.Slices.Count;
            int possible = (int)Math.Min((secondsLeft + present) / step, int.MaxValue);
            int left = chain.StepCount - chain.Step;
            if (possible < left)
            {
                chain.ChangeSteps(Math.Max(1, possible));
            }
        }
    }

    // What textures that go before this one still need.
    private double SecondsAheadOf(Entry entry)
    {
        double seconds = 0;
        foreach (Entry other in _entries)
        {
            if (other != entry && other.Chain is { IsRunnable: true } chain
                && (other.Priority > entry.Priority
                    || (other.Priority == entry.Priority && other.Deadline < entry.Deadline)))
            {
                seconds += SecondsPerStep(other) * (chain.StepCount - chain.Step);
            }
        }

        return seconds;
    }

    private static double SecondsPerStep(Entry entry)
    {
        double seconds = 0;
        for (int i = 1; i < entry.Chain!.Slices.Count; i++)
        {
            seconds += entry.Costs!.Expect(i).TotalSeconds;
        }

        return seconds;
    }

    /// <summary>Learns how much time a tick has for work, from ticks that left some undone.</summary>
    private void LearnCapacity(double secondsTaken) =>
        _secondsPerTick += AverageWeight * (secondsTaken - _secondsPerTick);
}
