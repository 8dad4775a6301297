namespace Diffusion.Cli.Checking;

/// <summary>What <c>check</c> found out about one thing.</summary>
internal enum CheckState
{
    /// <summary>It is there and passed its test.</summary>
    Works,

    /// <summary>It is there and did not pass.</summary>
    Failed,

    /// <summary>It is not there, and the reason says why.</summary>
    Unavailable,
}
