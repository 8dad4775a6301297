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

    private static readonly Comparison<Entry> _byUrgency = static (one, other) => one.Priority != other.Priority
        ? other.Priority.CompareTo(one.Priority)
        : one.Deadline.CompareTo(other.Deadline);

    // Textures that have work, the most urgent first.
    private readonly List<Entry> _inOrder = [];

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
        foreach (Entry entry in _inOrder)
        {
            if (entry is { HasDeadline: true, Chain: { CanSkipLevels: true } chain })
            {
                int possible = EvaluationsThatFit(entry, Math.Min(SpareSeconds(entry), entry.LeastSpareBehind));
                if (possible < chain.StepCount - chain.Step)
                {
                    chain.ChangeSteps(possible);
                    ExpectWork(entry);
                    LookAround();
                }
            }
        }
    }

    // What is left to do, and in which order.
    private void ExpectWork()
    {
        _inOrder.Clear();
        foreach (Entry entry in _entries)
        {
            if (entry.Chain is { IsRunnable: true })
            {
                ExpectWork(entry);
                _inOrder.Add(entry);
            }
        }

        _inOrder.Sort(_byUrgency);
        LookAround();
    }

    // For each, what goes before it, and what those behind it can spare. Of one priority and deadline no one goes before
    // the other.
    private void LookAround()
    {
        (int equals, double ahead, double ofEquals) = (0, 0, 0);
        for (int i = 0; i < _inOrder.Count; i++)
        {
            if (GoesBefore(_inOrder[equals], _inOrder[i]))
            {
                (equals, ahead, ofEquals) = (i, ahead + ofEquals, 0);
            }

            _inOrder[i].SecondsAhead = ahead;
            _inOrder[i].IsAnyBehind = equals < _inOrder.Count - 1;
            ofEquals += _inOrder[i].SecondsLeft;
        }

        (double least, double leastOfEquals) = (double.PositiveInfinity, double.PositiveInfinity);
        for (int i = _inOrder.Count - 1; i >= 0; i--)
        {
            Entry entry = _inOrder[i];
            if (i + 1 < _inOrder.Count && GoesBefore(entry, _inOrder[i + 1]))
            {
                (least, leastOfEquals) = (Math.Min(least, leastOfEquals), double.PositiveInfinity);
            }

            entry.LeastSpareBehind = least;
            if (entry is { HasDeadline: true, Chain.CanSkipLevels: false })
            {
                leastOfEquals = Math.Min(leastOfEquals, SpareSeconds(entry));
            }
        }
    }

    private static void ExpectWork(Entry entry)
    {
        DiffusionChain chain = entry.Chain!;
        int guided = chain.GuidedStepsLeft;
        int plain = chain.StepCount - chain.Step - guided;
        entry.SecondsOfSteps =
            (guided == 0 ? 0 : guided * entry.Costs!.ExpectStepInSeconds(chain.SlicesOf(isGuided: true)))
            + (plain == 0 ? 0 : plain * entry.Costs!.ExpectStepInSeconds(chain.SlicesOf(isGuided: false)));
        entry.SecondsLeft = entry.SecondsOfSteps - SecondsIntoStep(entry);
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
        // The present tick is one of those left. Those behind become overdue, and then have their part.
        double ticksLeft = Math.Max(1, entry.Deadline - _tick + 1);
        double seconds = ticksLeft * _secondsPerTick * PlannedShare;
        return (entry.IsAnyBehind ? (1 - OverdueShare) * seconds : seconds) - entry.SecondsAhead - entry.SecondsLeft;
    }

    // The evaluation under way included; at least one. As many of them with guidance as there are now, in proportion.
    private static int EvaluationsThatFit(Entry entry, double spareSeconds)
    {
        int stepsLeft = entry.Chain!.StepCount - entry.Chain.Step;
        double share = (entry.SecondsOfSteps + spareSeconds) / entry.SecondsOfSteps;
        return entry.SecondsOfSteps > 0 ? (int)Math.Clamp(stepsLeft * share, 1, int.MaxValue) : 1;
    }

    private static bool GoesBefore(Entry one, Entry other) => _byUrgency(one, other) < 0;

    /// <summary>Learns how much time a tick has for work, from ticks that left some undone.</summary>
    private void LearnCapacity(double secondsTaken) =>
        _secondsPerTick += AverageWeight * (secondsTaken - _secondsPerTick);
}
