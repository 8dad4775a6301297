using Diffusion.Runtime.Models;

namespace Diffusion.Runtime.Backends;

/// <summary>A network loaded on a device, from which sessions (one per chain) are made.</summary>
/// <remarks>Owned by whoever created it; dispose it after its sessions. One thread at a time.</remarks>
public interface IDenoiserBackend : IDisposable
{
    /// <summary>Name on the command line: <c>torch</c>, <c>compute</c>.</summary>
    string Name { get; }

    /// <summary>The device in words, for reports: <c>CPU (2 threads)</c>.</summary>
    string Device { get; }

    /// <summary>The network's configuration.</summary>
    UNetConfig Config { get; }

    /// <summary>Makes a session of the given shape.</summary>
    /// <exception cref="ArgumentException">A size is not a positive multiple of the network's stride, or guidance is
    /// asked of a network without a null class.</exception>
    IDenoiserSession CreateSession(SessionOptions options);
}
