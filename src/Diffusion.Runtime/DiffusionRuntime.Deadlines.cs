using Diffusion.Runtime.Backends;
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
        if (!entry.HasDeadline || chain.CanSkipLevels || !request.Times.IsEmpty || _secondsPerTick == 0)
        {
            return;
        }

        ExpectWork();
        int possible = EvaluationsThatFit(entry, SpareSeconds(entry));
        for (int steps = _resolver.StepsOf(request); steps > 1 && chain.StepCount > possible;)
        {
            // A solver may evaluate more often in its first steps, so that the proportion is only a first guess.
            steps = Math.Clamp((int)((long)steps * possible / chain.StepCount), 1, steps - 1);
            chain.Restart(_resolver.Resolve(request with { Steps = steps }).Settings);
        }
    }

    /// <summary>
    /// Thins the steps of textures that would else miss their deadline, or let one that cannot be thinned miss its own.
    /// Once a tick, before its work.
    /// </summary>
    private void KeepDeadlines(TimeSpan budget)
    {
        if (_secondsPerTick == 0)
        {
            _secondsPerTick = budget.TotalSeconds;
        }

        if (!_entries.Exists(static entry => entry is { HasDeadline: true, Chain.IsRunnable: true }))
        {
            return;
        }

        ExpectWork();
        foreach (Entry fixedOne in _entries)
        {
            if (fixedOne is { HasDeadline: true, Chain: { IsRunnable: true, CanSkipLevels: false } })
            {
                fixedOne.SpareSeconds = SpareSeconds(fixedOne);
            }
        }

        foreach (Entry entry in _entries)
        {
            if (entry is { HasDeadline: true, Chain: { IsRunnable: true, CanSkipLevels: true } chain })
            {
                int possible = EvaluationsThatFit(entry, Math.Min(SpareSeconds(entry), LeastSpareBehind(entry)));
                if (possible < chain.StepCount - chain.Step)
                {
                    Thin(entry, possible);
                }
            }
        }
    }

    private void Thin(Entry entry, int stepsLeft)
    {
        double before = entry.SecondsLeft;
        entry.Chain!.ChangeSteps(stepsLeft);
        entry.SecondsLeft = ExpectSecondsLeft(entry);
        foreach (Entry other in _entries)
        {
            other.SpareSeconds += GoesBefore(entry, other) ? before - entry.SecondsLeft : 0;
        }
    }

    private void ExpectWork()
    {
        foreach (Entry entry in _entries)
        {
            entry.SecondsLeft = entry.Chain is { IsRunnable: true } ? ExpectSecondsLeft(entry) : 0;
        }
    }

    private static double ExpectSecondsLeft(Entry entry) => ExpectStepsInSeconds(entry) - SecondsIntoStep(entry);

    // All steps left, the one under way as if it had not begun.
    private static double ExpectStepsInSeconds(Entry entry)
    {
        DiffusionChain chain = entry.Chain!;
        int guided = chain.GuidedStepsLeft;
        int plain = chain.StepCount - chain.Step - guided;
        return (guided == 0 ? 0 : guided * entry.Costs!.ExpectStepInSeconds(chain.SlicesOf(isGuided: true)))
            + (plain == 0 ? 0 : plain * entry.Costs!.ExpectStepInSeconds(chain.SlicesOf(isGuided: false)));
    }

    private static double SecondsIntoStep(Entry entry)
    {
        DiffusionChain chain = entry.Chain!;
        SliceRange slices = chain.SlicesOf(chain.IsGuided);
        int done = Math.Clamp(chain.NextSliceIndex - slices.First, 0, slices.Count);
        return done == 0 ? 0 : entry.Costs!.ExpectStepInSeconds(slices) * done / (slices.Count + 1);
    }

    // What is left before the deadline, by what a tick's work has come to so far, when the texture and those that go
    // before it are done; below 0 it will be late.
    private double SpareSeconds(Entry entry)
    {
        double work = entry.SecondsLeft;
        bool isAnyBehind = false;
        foreach (Entry other in _entries)
        {
            if (other == entry || other.Chain is not { IsRunnable: true })
            {
                continue;
            }

            bool isAhead = GoesBefore(other, entry);
            work += isAhead ? other.SecondsLeft : 0;
            isAnyBehind |= !isAhead;
        }

        // The present tick is one of those left. Those behind become overdue, and then have their part.
        double ticksLeft = Math.Max(1, entry.Deadline - _tick + 1);
        double seconds = ticksLeft * _secondsPerTick * PlannedShare;
        return (isAnyBehind ? (1 - OverdueShare) * seconds : seconds) - work;
    }

    private double LeastSpareBehind(Entry entry)
    {
        double least = double.PositiveInfinity;
        foreach (Entry other in _entries)
        {
            if (other is { HasDeadline: true, Chain: { IsRunnable: true, CanSkipLevels: false } }
                && GoesBefore(entry, other))
            {
                least = Math.Min(least, other.SpareSeconds);
            }
        }

        return least;
    }

    // The evaluation under way included; at least one. As many of them with guidance as there are now, in proportion.
    private static int EvaluationsThatFit(Entry entry, double spareSeconds)
    {
        double all = ExpectStepsInSeconds(entry);
        int stepsLeft = entry.Chain!.StepCount - entry.Chain.Step;
        double seconds = entry.SecondsLeft + spareSeconds + SecondsIntoStep(entry);
        return all > 0 ? (int)Math.Clamp(seconds * stepsLeft / all, 1, int.MaxValue) : 1;
    }

    private static bool GoesBefore(Entry one, Entry other) =>
        one.Priority > other.Priority || (one.Priority == other.Priority && one.Deadline < other.Deadline);

    /// <summary>Learns how much time a tick has for work, from ticks that left some undone.</summary>
    private void LearnCapacity(double secondsTaken) =>
        _secondsPerTick += AverageWeight * (secondsTaken - _secondsPerTick);
}
