using Diffusion.Runtime.Models;
using Diffusion.Torch.UNet;

namespace Diffusion.Torch.Training;

/// <summary>Makes a network of few steps out of its teacher.</summary>
/// <remarks>
/// The network is told in how many steps it samples by its class table, which has one block of rows for each number of
/// steps: row k·classes + label. That costs nothing at run time and needs no new input, where a second time embedding
/// would change the architecture. [Frans24, Sec. 3]
/// </remarks>
public static class Student
{
    /// <summary>The student's architecture: the teacher's, with a class table for each number of steps.</summary>
    /// <param name="teacher">The teacher's.</param>
    /// <param name="classCount">Classes that have names; the null class is left out.</param>
    /// <param name="stepCounts">How many numbers of steps the student shall have.</param>
    public static UNetConfig ConfigOf(UNetConfig teacher, int classCount, int stepCounts)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stepCounts, 1);
        return teacher with { NumClassEmbeds = classCount * stepCounts };
    }

    /// <summary>Copies the teacher's weights; every block of the class table begins as the teacher's.</summary>
    /// <param name="student">A network of <see cref="ConfigOf"/>, on the CPU.</param>
    /// <param name="teacher">The teacher, on the CPU.</param>
    /// <param name="classCount">Classes that have names.</param>
    public static void Initialise(UNet2DModel student, UNet2DModel teacher, int classCount)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        WeightCopy.Into(student, teacher, (own, taught) =>
            taught.narrow(0, 0, classCount).repeat([own.shape[0] / classCount, 1]));
    }
}
