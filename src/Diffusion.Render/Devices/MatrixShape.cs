namespace Diffusion.Render.Devices;

/// <summary>
/// A kind of cooperative matrices that a device multiplies: float16 by float16 into float32, by a subgroup together.
/// </summary>
/// <param name="M">Rows of the first and of the result.</param>
/// <param name="N">Columns of the second and of the result.</param>
/// <param name="K">Columns of the first, rows of the second.</param>
/// <param name="Subgroup">Invocations of the subgroup.</param>
internal readonly record struct MatrixShape(int M, int N, int K, int Subgroup)
{
    /// <inheritdoc/>
    public override string ToString() => $"{M}x{N}x{K} in subgroups of {Subgroup}";
}
