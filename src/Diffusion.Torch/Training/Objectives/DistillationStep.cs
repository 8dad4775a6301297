using Diffusion.Runtime.Schedules;

namespace Diffusion.Torch.Training.Objectives;

/// <summary>A step that a student is to take at once, and the two shorter ones that show it where to.</summary>
/// <param name="Row">Which number of steps it belongs to.</param>
/// <param name="IsTaught">Whether the first of the shorter steps is the teacher's.</param>
/// <param name="From">Where it begins.</param>
/// <param name="Middle">Where the first of the shorter steps ends.</param>
/// <param name="To">Where it ends; the same as <paramref name="Middle"/> when the first one goes all the way.</param>
/// <param name="Weight">Of its loss: (steps of its number / steps of the largest number)².</param>
internal readonly record struct DistillationStep(
    int Row, bool IsTaught, NoiseLevel From, NoiseLevel Middle, NoiseLevel To, double Weight)
{
    /// <summary>Whether the first of the shorter steps goes all the way.</summary>
    public bool IsLast => Middle == To;

    /// <summary>
    /// The factors of the two clean estimates in the one that goes all the way; both in [0, 1], and 1 together.
    /// </summary>
    /// <remarks>
    /// A DDIM step is x' = (σ'/σ)·x + κ·D with κ = α' - α·σ'/σ. Two of them, by D_1 and D_2, end where one by D does
    /// with κ·D = (σ_to/σ_middle)·κ_1·D_1 + κ_2·D_2. [Salimans22, App. G] An average, so that nothing leaves the range
    /// that clean estimates are clamped to.
    /// </remarks>
    public (double First, double Second) Shares
    {
        get
        {
            if (IsLast)
            {
                return (1, 0);
            }

            var whole = GainOf(From, To);
            return (To.Sigma / Middle.Sigma * GainOf(From, Middle) / whole, GainOf(Middle, To) / whole);
        }
    }

    /// <summary>κ of a DDIM step. [Song21DDIM, Eq. 12]</summary>
    public static double GainOf(NoiseLevel from, NoiseLevel to) => to.Alpha - (from.Alpha * to.Sigma / from.Sigma);
}
