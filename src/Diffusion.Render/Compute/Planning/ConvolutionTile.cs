using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;

namespace Diffusion.Render.Compute.Planning;

/// <summary>What one workgroup of a convolution makes, and by which kernel.</summary>
/// <param name="Width">Pixels along x.</param>
/// <param name="Height">Pixels along y.</param>
/// <param name="Outputs">Channels.</param>
/// <param name="Kernel">The kernel.</param>
internal readonly record struct ConvolutionTile(int Width, int Height, int Outputs, KernelKey Kernel)
{
    // As in conv_matrix.comp: channels of a workgroup, halves of padding in a row, subgroups by the stride.
    private const int MatrixOutputs = 32;
    private const int Padding = 8;

    /// <summary>Whether matrices of a shape fill a workgroup and keep their rows aligned.</summary>
    public static bool Takes(in MatrixShape shape) => MatrixOutputs % shape.M == 0 && shape.K % Padding == 0;

    /// <summary>The tile of conv_matrix.comp.</summary>
    /// <param name="shape">The matrices.</param>
    /// <param name="kernel">Edge of the kernel, 1 or 3.</param>
    /// <param name="stride">1 or 2.</param>
    public static ConvolutionTile Of(in MatrixShape shape, int kernel, int stride)
    {
        KernelKey key = new(
            "conv_matrix.comp", (uint)shape.Subgroup, (uint)kernel, (uint)Subgroups(stride), (uint)shape.M,
            (uint)shape.N, (uint)shape.K)
        {
            Subgroup = (uint)shape.Subgroup,
        };
        return new ConvolutionTile(shape.N, 2 * Subgroups(stride), MatrixOutputs, key);
    }

    /// <summary>Subgroups of a workgroup of conv_matrix.comp.</summary>
    public static int Subgroups(int stride) => 4 / stride;

    /// <summary>Shared memory of conv_matrix.comp, in the order of its arrays.</summary>
    public static long SharedSizeInBytes(in MatrixShape shape, int kernel, int stride)
    {
        int chunk = kernel == 1 ? 2 * shape.K : shape.K;
        int rows = 2 * Subgroups(stride);
        int patch = (((shape.N - 1) * stride) + kernel) * (((rows - 1) * stride) + kernel);
        int halves = (patch * (chunk + Padding)) + (kernel * kernel * chunk * (MatrixOutputs + Padding));
        return (2L * halves) + (sizeof(float) * (long)rows * shape.M * shape.N);
    }
}
