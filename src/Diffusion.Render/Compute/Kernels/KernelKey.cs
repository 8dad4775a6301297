namespace Diffusion.Render.Compute.Kernels;

/// <summary>A shader and its specialisation constants 0, 1, 2 and so on: one pipeline.</summary>
internal readonly record struct KernelKey(
    string Shader, uint C0, uint C1 = 0, uint C2 = 0, uint C3 = 0, uint C4 = 0, uint C5 = 0)
{
    public const int ConstantCount = 6;

    /// <summary>Invocations of a subgroup where the shader relies on them, each subgroup full; else 0.</summary>
    public uint Subgroup { get; init; }

    /// <summary>Debug name.</summary>
    public override string ToString() => $"{Shader} {C0} {C1} {C2} {C3} {C4} {C5}";
}
