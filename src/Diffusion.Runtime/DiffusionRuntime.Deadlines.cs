using Diffusion.Runtime.Chains;

namespace Diffusion.Runtime;

/// <content>How many steps fit before a deadline.</content>
public sealed partial class DiffusionRuntime
{
    /// <summary>
    /// Part of the expected time that plans rely on; the rest is for what the expectation leaves out.
    /// </summary>
    private const double PlannedShare = 0.9;

    // How much of a tick's budget work has filled, and how long such budgets were: averages over about 16 ticks.
    private const double AverageWeight = 1.0 / 16;

    private double _secondsPerTick;

    /// <summary>
    /// Gives a texture whose solver cannot leave levels out later the steps that fit its deadline, before it starts.
    /// </summary>
    /// <remarks>Without a tick so far nothing is known of the time there is, and nothing is changed.</remarks>
    private void ChooseSteps(Entry entry, TextureRequest request)
    {
        DiffusionChain chain = entry.Chain!;
        if (entry.Deadline == long.MaxValue || chain.CanSkipLevels || !request.Times.IsEmpty || _secondsPerTick == 0)
        {
            return;
        }

        int possible = EvaluationsUntilDeadline(entry);
        for (int steps = request.Steps; steps > 1 && chain.StepCount > possible;)
        {
            // A solver may evaluate more often in its first steps, so that the proportion is only a first guess.
            steps = Math.Clamp((int)((long)steps * possible / chain.StepCount), 1, steps - 1);
            chain.Restart(_resolver.Resolve(request with { Steps = steps }).Settings);
        }
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

            int possible = EvaluationsUntilDeadline(entry);
            int left = chain.StepCount - chain.Step;
            if (possible < left)
            {
                chain.ChangeSteps(Math.Max(1, possible));
            }
        }
    }

    // What fits before the deadline, the evaluation under way included, by what a tick's work has come to so far.
    private int EvaluationsUntilDeadline(Entry entry)
    {
        // The present tick is one of those left.
        double ticksLeft = Math.Max(1, entry.Deadline - _tick + 1);
        double secondsLeft = ticksLeft * _secondsPerTick * PlannedShare;
        double secondsAhead = 0;
        bool isAnyBehind = false;
        foreach (Entry other in _entries)
        {
            if (other == entry || other.Chain is not { IsRunnable: true } chain)
            {
                continue;
            }

            if (GoesBefore(other, entry))
            {
                secondsAhead += SecondsPerStep(other) * (chain.StepCount - chain.Step);
            }
            else
            {
                isAnyBehind = true;
            }
        }

        // Those behind become overdue, and then have their part.
        secondsLeft = (isAnyBehind ? (1 - OverdueShare) * secondsLeft : secondsLeft) - secondsAhead;
        DiffusionChain own = entry.Chain!;
        double step = SecondsPerStep(entry);
        double present = step * own.NextSliceIndex / own.Slices.Count;
        return (int)Math.Min((secondsLeft + present) / step, int.MaxValue);
    }

    private static bool GoesBefore(Entry other, Entry entry) =>
        other.Priority > entry.Priority || (other.Priority == entry.Priority && other.Deadline < entry.Deadline);

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
