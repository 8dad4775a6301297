namespace Diffusion.Runtime.Tests.Solvers;

/// <summary>The order in λ of every deterministic solver, which any smooth flow must show.</summary>
internal static class SolverOrders
{
    /// <summary>Names and orders; UniPC's corrector gives it one more than its name says.</summary>
    public static TheoryData<string, int> All => new()
    {
        { "ddim", 1 },
        { "euler", 1 },
        { "dpmpp-1", 1 },
        { "heun", 2 },
        { "dpmpp-2m", 2 },
        { "dpmpp-2s", 2 },
        { "dpmpp-3m", 3 },
        { "unipc-1", 2 },
        { "unipc-1-bh1", 2 },
        { "unipc-2", 3 },
        { "unipc-2-bh1", 3 },
        { "unipc-3", 4 },
        { "unipc-3-bh1", 4 },
        { "pndm", 2 },
    };
}
