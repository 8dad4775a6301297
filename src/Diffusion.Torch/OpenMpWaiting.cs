namespace Diffusion.Torch;

/// <summary>Lets libtorch's worker threads sleep between layers instead of spinning.</summary>
/// <remarks>
/// OpenMP's default is to spin for milliseconds at every barrier. Alone on a machine that saves some microseconds a
/// layer; beside an engine's threads the spinning thread holds the very core that the awaited one needs. Two threads on
/// two busy cores: 1,400 ms a forward pass spinning, 60 ms sleeping. Training sleeps too: OMP_PROC_BIND=true with
/// GOMP_SPINCOUNT=100000 may pay on a machine with nothing else to do, but not beside other work.
/// </remarks>
internal static class OpenMpWaiting
{
    private const string WaitPolicy = "OMP_WAIT_POLICY";
    private const string SpinCount = "GOMP_SPINCOUNT";

    /// <summary>
    /// Takes effect when called before OpenMP is loaded, which reads it once; a choice of the user's stays.
    /// </summary>
    public static void Sleep()
    {
        if (Environment.GetEnvironmentVariable(SpinCount) is null)
        {
            NativeEnvironment.SetDefault(WaitPolicy, "passive");
        }
    }
}
