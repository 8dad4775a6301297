using Diffusion.Runtime.Budget;

namespace Diffusion.Cli.Profiling;

/// <summary>A way to spend time in a frame.</summary>
internal interface IFramePolicy : IDisposable
{
    /// <summary>One of <see cref="PolicyNames"/>.</summary>
    string Name { get; }

    /// <summary>What it does in a frame, in words.</summary>
    string Work { get; }

    /// <summary>Does a frame's work.</summary>
    TickReport Tick(TimeSpan budget);

    /// <summary>Begins textures with new seeds in place of those that are done, so that work always waits.</summary>
    /// <exception cref="UserErrorException">A texture failed.</exception>
    void RestartFinished();
}
