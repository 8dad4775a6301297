namespace Diffusion.Cli.Profiling;

/// <summary>Names of the policies, on the command line and in reports.</summary>
internal static class PolicyNames
{
    public const string Budget = "budget";
    public const string OwnThread = "own-thread";
    public const string WholeStep = "whole-step";
    public const string FixedSlices = "fixed-slices";
    public const string Clock = "clock";
    public const string Off = "off";
    public const string All = "all";

    /// <summary>Those that can be asked for one by one.</summary>
    public static IReadOnlyList<string> Named { get; } = [Budget, OwnThread, WholeStep, FixedSlices, Clock];
}
