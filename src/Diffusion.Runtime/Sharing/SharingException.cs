namespace Diffusion.Runtime.Sharing;

/// <summary>Samples could not be handed from one API to another; there are other ways, so nothing is lost.</summary>
public sealed class SharingException : Exception
{
    /// <summary>An error without a message.</summary>
    public SharingException()
    {
    }

    /// <summary>What failed.</summary>
    /// <param name="message">A clause: the call and what it returned.</param>
    public SharingException(string message)
        : base(message)
    {
    }

    /// <summary>What failed, and the cause.</summary>
    /// <param name="message">A clause: the call and what it returned.</param>
    /// <param name="innerException">The cause.</param>
    public SharingException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
