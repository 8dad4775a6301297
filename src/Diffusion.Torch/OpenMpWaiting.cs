namespace Diffusion.Torch;

/// <summary>How libtorch's worker threads wait for each other between layers.</summary>
/// <remarks>
/// Takes effect when chosen before OpenMP is loaded, which reads it once; a choice of the user's stays.
/// </remarks>
internal static class OpenMpWaiting
{
    private const string WaitPolicy = "OMP_WAIT_POLICY";
    private const string SpinCount = "GOMP_SPINCOUNT";
    private const string Binding = "OMP_PROC_BIND";

    private static bool IsChosen => Environment.GetEnvironmentVariable(WaitPolicy) is not null
        || Environment.GetEnvironmentVariable(SpinCount) is not null;

    /// <summary>Workers sleep, for a network that shares its cores with an engine.</summary>
    /// <remarks>
    /// OpenMP's default is to spin for milliseconds at every barrier. Beside an engine's threads the spinning thread
    /// holds the very core that the awaited one needs. Two threads on two busy cores: 1,400 ms a forward pass spinning,
    /// 60 ms sleeping.
    /// </remarks>
    public static void Sleep()
    {
        if (!IsChosen)
        {
            NativeEnvironment.SetDefault(WaitPolicy, "passive");
        }
    }

    /// <summary>Workers keep to a core each and spin for a moment before they sleep, for a process that has the machine
    /// to itself.</summary>
    /// <remarks>
    /// Training the shipped model on two free cores: 0.47 s an iteration, 0.75 s sleeping, as slow as one thread,
    /// because both workers woke on one core. Beside other work that uses the cores it is slower than sleeping.
    /// </remarks>
    public static void Spin()
    {
        if (!IsChosen)
        {
            NativeEnvironment.SetDefault(SpinCount, "100000");
            NativeEnvironment.SetDefault(Binding, "true");
        }
    }
}
