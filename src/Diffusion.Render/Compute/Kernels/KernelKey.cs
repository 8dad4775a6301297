namespace Diffusion.Render.Compute.Kernels;

/// <summary>A shader and its specialisation constants 0, 1, 2 and so on: one pipeline.</summary>
internal readonly record struct KernelKey(string Shader, uint C0, uint C1 = 0, uint C2 = 0, uint C3 = 0, uint C4 = 0)
{
    public const int ConstantCount = 5;

    /// <summary>Debug name.</summary>
    public override string ToString() => $"{Shader} {C0} {C1} {C2} {C3} {C4}";
}
