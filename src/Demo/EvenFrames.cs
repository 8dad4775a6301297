namespace Diffusion.Demo;

/// <summary>Chooses frames evenly from a run of unknown length: at its end all of them, or between some number and
/// twice that.</summary>
/// <param name="count">The number.</param>
internal sealed class EvenFrames(int count)
{
    private int _chosen;

    /// <summary>A frame is chosen where this divides its number.</summary>
    public int Interval { get; private set; } = 1;

    /// <summary>Chooses a frame or not; frames are asked about in order.</summary>
    /// <param name="frame">Its number, from 0.</param>
    public bool Chooses(int frame)
    {
        if (frame % Interval != 0)
        {
            return false;
        }

        _chosen++;
        return true;
    }

    /// <summary>Makes room by giving up every second chosen frame, where they have become too many.</summary>
    /// <returns>Whether it did: those whose number <see cref="Interval"/> does not divide any more.</returns>
    public bool Thins()
    {
        if (_chosen < 2 * count)
        {
            return false;
        }

        _chosen = count;
        Interval *= 2;
        return true;
    }
}
