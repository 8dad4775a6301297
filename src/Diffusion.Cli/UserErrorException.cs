namespace Diffusion.Cli;

/// <summary>
/// Something the user can put right; its message is the one line that the command line prints before exit code 2.
/// </summary>
internal sealed class UserErrorException : Exception
{
    public UserErrorException(string message)
        : base(message)
    {
    }

    public UserErrorException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
