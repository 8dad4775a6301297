using Diffusion.Runtime.Schedules;

namespace Diffusion.Runtime.Chains;

/// <summary>The levels that a chain goes through, and where it stands: those of its settings until some are left
/// out.</summary>
/// <remarks>Allocates only where settings have more levels than any before them.</remarks>
internal sealed class ChainSteps
{
    private NoiseLevel[] _levels = [];

    /// <summary>Steps finished, 0 .. <see cref="Count"/>.</summary>
    public int Done { get; private set; }

    /// <summary>Steps in all.</summary>
    public int Count { get; private set; }

    /// <summary>Steps left in which guidance applies.</summary>
    public int GuidedLeft { get; private set; }

    /// <summary>Whether no step is left.</summary>
    public bool AreDone => Done == Count;

    /// <summary>The level of the current x_t.</summary>
    public NoiseLevel Level => _levels[Done];

    /// <summary>Where the present step ends.</summary>
    public NoiseLevel Next => _levels[Done + 1];

    /// <summary>The first level and the end of each step.</summary>
    public ReadOnlySpan<NoiseLevel> Levels => _levels.AsSpan(0, Count + 1);

    /// <summary>Begins at the settings' first level.</summary>
    public void Begin(ChainSettings settings)
    {
        Done = 0;
        Count = settings.Levels.Length - 1;
        if (_levels.Length < settings.Levels.Length)
        {
            _levels = new NoiseLevel[settings.Levels.Length];
        }

        settings.Levels.Span.CopyTo(_levels);
        CountGuided(settings);
    }

    /// <summary>Ends the present step.</summary>
    public void Advance(ChainSettings settings)
    {
        Done++;
        CountGuided(settings);
    }

    /// <summary>Leaves out levels, evenly; earlier ones stay, so that multistep solvers go on.</summary>
    /// <param name="left">Steps that are left.</param>
    /// <param name="settings">Has all levels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The settings have fewer from here on, or it is not positive; nothing
    /// changed.</exception>
    public void Thin(int left, ChainSettings settings)
    {
        ReadOnlySpan<NoiseLevel> all = settings.Levels.Span;
        int first = all.IndexOf(Level);
        int most = all.Length - 1 - first;
        if (left < 1 || left > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(left), left, $"Steps left must be 1 to {most} from here on, not {left}.");
        }

        for (int i = 1; i <= left; i++)
        {
            _levels[Done + i] = all[first + (int)Math.Round((double)i * most / left)];
        }

        Count = Done + left;
        CountGuided(settings);
    }

    /// <summary>Takes notice of other guidance.</summary>
    public void CountGuided(ChainSettings settings) =>
        GuidedLeft = settings.CountGuided(_levels.AsSpan(Done..Count));
}
