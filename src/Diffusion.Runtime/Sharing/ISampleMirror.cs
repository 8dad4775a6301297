namespace Diffusion.Runtime.Sharing;

/// <summary>A copy of a ring's slots in exported memory, kept up to date on the device.</summary>
/// <remarks>Any thread. Disposing waits for the copies that are on their way; it may outlive what it copies.</remarks>
public interface ISampleMirror : IDisposable
{
    /// <summary>Why it is no longer kept up to date, or null while it is.</summary>
    string? Failure { get; }

    /// <summary>The exported timeline's value at which a slot's newest images stand in the memory.</summary>
    /// <param name="slot">A slot that was published.</param>
    ulong ReadyAt(int slot);
}
