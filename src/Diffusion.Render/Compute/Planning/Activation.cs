namespace Diffusion.Render.Compute.Planning;

/// <summary>The activation functions, by their numbers in <c>activation.glsl</c>.</summary>
internal enum Activation : uint
{
    None = 0,
    Silu = 1,
    Mish = 2,
    Gelu = 3,
    Relu = 4,
}
